import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { weakness } from './secret-key.ts';
import { SettingsError } from './settings-error.ts';
import { readSettings } from './settings.ts';

const strong = 'q7Xv2mKpL9sZ4dRt8wYb3nHc6gJf1aEu5oPi0TkWxVy';
const keys = ['cZF8wqZxUupmIsEaDZ1MCeSlSTLY6oZmQrVlSw8i1Ls=', 'B7nSKUd8cSUWWPq8sqZnOE9VuKlGnRLv_1kdHu3tYbQ'];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tenon-settings-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = (environment: Record<string, string>) => readSettings({ DATA_DIR: directory, ...environment });

function problemsOf(environment: Record<string, string>): readonly { variable: string; problem: string }[] {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('readSettings', () => {
  it('needs nothing in development', () => {
    expect(read({})).toMatchObject({
      production: false,
      host: '127.0.0.1',
      port: 8000,
      trustProxy: false,
      drainSeconds: 0,
      signUp: 'open',
      defaultTier: 'enterprise',
      dataDirectory: directory,
      databaseUrl: `file:${join(directory, 'tenon.db')}`,
      migrationUrl: null,
      migrateOnStart: true,
      postgres: { poolSize: 10, connectTimeout: 5, lockTimeout: 10, statementTimeout: 30 },
      sqliteSynchronous: 'normal',
      accessTokenMinutes: 20,
      refreshTokenDays: 3,
      requireVerifiedEmail: true,
      passwordMinLength: 8,
      attemptsPerAddress: 50,
      corsOrigins: [],
      organizationIssuersInPrivateNetworks: false,
      logLevel: 'info',
      publicUrl: 'http://localhost:8000',
    });
  });

  it('reads what is set, and treats an empty variable as not set', () => {
    const settings = read({
      NODE_ENV: 'production',
      HOST: '',
      PORT: '9000',
      TRUST_PROXY: '10.0.0.0/8, 127.0.0.1',
      DATABASE_URL: 'postgres://tenon:pass@db/tenon',
      DATABASE_MIGRATION_URL: 'postgres://postgres:pass@db/tenon',
      POOL_SIZE: '40',
      POOL_TIMEOUT_SECONDS: '2',
      LOCK_TIMEOUT_SECONDS: '3',
      STATEMENT_TIMEOUT_SECONDS: '4',
      SQLITE_SYNCHRONOUS: 'full',
      SECRET_KEY: strong,
      ENCRYPTION_KEY: keys.join(', '),
      REQUIRE_VERIFIED_EMAIL: 'false',
      OIDC_ORGANIZATION_PRIVATE_NETWORKS: 'true',
      CORS_ORIGINS: 'https://a.example, http://localhost:5173',
      PUBLIC_URL: 'https://tenon.example/',
    });
    expect(settings).toMatchObject({
      production: true,
      host: '0.0.0.0',
      port: 9000,
      trustProxy: ['10.0.0.0/8', '127.0.0.1'],
      drainSeconds: 5,
      databaseUrl: 'postgres://tenon:pass@db/tenon',
      migrationUrl: 'postgres://postgres:pass@db/tenon',
      migrateOnStart: false,
      postgres: { poolSize: 40, connectTimeout: 2, lockTimeout: 3, statementTimeout: 4 },
      sqliteSynchronous: 'full',
      secretKey: strong,
      encryptionKeys: keys,
      requireVerifiedEmail: false,
      organizationIssuersInPrivateNetworks: true,
      corsOrigins: ['https://a.example', 'http://localhost:5173'],
      publicUrl: 'https://tenon.example',
    });
  });

  it.each([
    ['true', true],
    ['no', false],
    ['2', 2],
  ])('reads TRUST_PROXY=%s', (text, value) => {
    expect(read({ TRUST_PROXY: text }).trustProxy).toBe(value);
  });

  it('refuses TRUST_PROXY=true in production, and says what to set', () => {
    const production = { NODE_ENV: 'production', SECRET_KEY: strong, ENCRYPTION_KEY: keys[0] ?? '' };
    for (const value of ['true', 'yes', 'TRUE'])
      expect(() => read({ ...production, TRUST_PROXY: value })).toThrow(
        'One setting is wrong:\n' +
          '  TRUST_PROXY lets every client choose its own address. ' +
          'Set it to the number of proxies in front of the server, or to their addresses separated by commas.',
      );
    for (const value of ['false', '0', '1', '10.0.0.0/8'])
      expect(() => read({ ...production, TRUST_PROXY: value })).not.toThrow();
  });

  it.each(['127.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32, 192.0.2.0/24', '0.0.0.0/0'])(
    'takes the proxies %s',
    (text) => {
      expect(read({ TRUST_PROXY: text }).trustProxy).toEqual(text.split(', '));
    },
  );

  it.each([
    '10.0.0.0/33',
    '10.0.0/8',
    '256.1.1.1',
    'abc',
    '2001:db8::/129',
    '::1/',
    '/8',
    '10.0.0.1,',
    '10.0.0.1:80',
    '-1',
    '1.5',
    '100',
  ])('refuses TRUST_PROXY=%s', (text) => {
    expect(problemsOf({ TRUST_PROXY: text })).toMatchObject([{ variable: 'TRUST_PROXY' }]);
  });

  it('refuses statements that end before their locks do', () => {
    const problem = { variable: 'STATEMENT_TIMEOUT_SECONDS', problem: 'is 10, and LOCK_TIMEOUT_SECONDS is 10' };
    expect(problemsOf({ STATEMENT_TIMEOUT_SECONDS: '10' })).toMatchObject([problem]);
    expect(read({ STATEMENT_TIMEOUT_SECONDS: '11' }).postgres).toMatchObject({ statementTimeout: 11 });
  });

  it('names every error at once', () => {
    const wrong = {
      NODE_ENV: 'production',
      HOST: 'my host',
      PORT: '80000',
      TRUST_PROXY: 'somebody',
      DATABASE_URL: 'mysql://u:hunter2@h/d',
      DATABASE_MIGRATION_URL: 'nonsense',
      POOL_SIZE: '1',
      POOL_TIMEOUT_SECONDS: '0',
      LOCK_TIMEOUT_SECONDS: '61',
      STATEMENT_TIMEOUT_SECONDS: '601',
      ACCESS_TOKEN_EXPIRE_MINUTES: '1441',
      REFRESH_TOKEN_EXPIRE_DAYS: 'three',
      REQUIRE_VERIFIED_EMAIL: 'perhaps',
      SIGN_UP: 'friends',
      DEFAULT_TIER: 'gold',
      DRAIN_SECONDS: '301',
      OIDC_ORGANIZATION_PRIVATE_NETWORKS: 'perhaps',
      PASSWORD_MIN_LENGTH: '7',
      AUTH_ATTEMPTS_PER_ADDRESS: '0',
      MIGRATE_ON_START: '2',
      CORS_ORIGINS: 'https://a.example/path',
      LOG_LEVEL: 'loud',
      PUBLIC_URL: 'tenon.example',
    };
    const { NODE_ENV: _, ...variables } = wrong;
    expect(
      problemsOf(wrong)
        .map(({ variable }) => variable)
        .sort(),
    ).toEqual([...Object.keys(variables), 'ENCRYPTION_KEY', 'SECRET_KEY'].sort());
  });

  it('names the variable, its problem and what would be valid, but no secret', () => {
    expect(() => read({ PORT: 'abc', DATABASE_URL: 'mysql://u:hunter2@h/d' })).toThrow(
      '2 settings are wrong:\n' +
        '  PORT is "abc". Set it to a port from 0 (any) to 65535.\n' +
        '  DATABASE_URL is not a valid URL. Set it to file:PATH for SQLite, or postgres://USER:PASSWORD@HOST/DATABASE.',
    );
  });

  it.each(['POSTGRES://u:hunter2@h/d', 'postgres:d', 'postgresql:/d'])('refuses the database %s', (url) => {
    expect(problemsOf({ DATABASE_URL: url })).toEqual([
      expect.objectContaining({ variable: 'DATABASE_URL', problem: 'is not a valid URL' }),
    ]);
  });

  it.each(['https://a.example/?b', 'https://a.example/#b', 'https://u:p@a.example'])(
    'refuses the public URL %s, to which no path can be added',
    (url) => {
      expect(problemsOf({ PUBLIC_URL: url })).toMatchObject([{ variable: 'PUBLIC_URL' }]);
    },
  );

  it('reads origins as browsers write them', () => {
    expect(read({ CORS_ORIGINS: 'HTTPS://App.Example.com' }).corsOrigins).toEqual(['https://app.example.com']);
  });

  it.each(['*', 'null', 'example.com', 'https://a.example,*'])('refuses the origin %s', (origins) => {
    expect(problemsOf({ CORS_ORIGINS: origins })).toMatchObject([{ variable: 'CORS_ORIGINS' }]);
  });
});

describe('SMTP_*', () => {
  const needed = { SMTP_HOST: 'smtp.example.com', SMTP_FROM: 'Tenon <no-reply@example.com>' };

  it('are unset, or name a server, encrypted by default', () => {
    expect(read({}).smtp).toBeNull();
    expect(read(needed).smtp).toEqual({
      host: 'smtp.example.com',
      port: 587,
      security: 'starttls',
      login: null,
      from: 'Tenon <no-reply@example.com>',
    });
    const more = { SMTP_PORT: '465', SMTP_SECURITY: 'tls', SMTP_USER: 'tenon', SMTP_PASSWORD: 'hunter2' };
    expect(read({ ...needed, ...more }).smtp).toMatchObject({
      port: 465,
      security: 'tls',
      login: { user: 'tenon', password: 'hunter2' },
    });
  });

  it.each([
    [{ SMTP_HOST: 'smtp.example.com' }, ['SMTP_FROM']],
    [{ SMTP_PORT: '25' }, ['SMTP_HOST', 'SMTP_FROM']],
    [{ ...needed, SMTP_USER: 'tenon' }, ['SMTP_PASSWORD']],
    [{ ...needed, SMTP_PASSWORD: 'hunter2' }, ['SMTP_USER']],
    [{ ...needed, SMTP_FROM: 'a\nBcc: b@example.com' }, ['SMTP_FROM']],
    [{ ...needed, SMTP_FROM: 'no address' }, ['SMTP_FROM']],
    [{ ...needed, SMTP_SECURITY: 'maybe' }, ['SMTP_SECURITY']],
  ])('%j are not enough', (environment, variables) => {
    const problems = problemsOf(environment);
    expect(problems.map(({ variable }) => variable)).toEqual(variables);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('SECRET_KEY', () => {
  it('is generated in development and readable by its owner alone', () => {
    const { secretKey } = read({});
    const file = join(directory, 'secret-key');

    expect(weakness(secretKey)).toBeNull();
    expect(readFileSync(file, 'utf8')).toBe(secretKey);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(read({}).secretKey).toBe(secretKey);
  });

  it('must be given in production', () => {
    expect(problemsOf({ NODE_ENV: 'production', ENCRYPTION_KEY: keys[0] ?? '' })).toMatchObject([
      { variable: 'SECRET_KEY', problem: 'is missing' },
    ]);
    expect(existsSync(join(directory, 'secret-key'))).toBe(false);
  });

  it.each([
    ['short', 'has 5 characters'],
    ['change-me-change-me-change-me-change-me', 'is a placeholder that others know'],
    ['this-is-your-secret-key-q7Xv2mKpL9sZ4dRt8wYb', 'is a placeholder that others know'],
    ['a'.repeat(64), 'is not random enough'],
    ['12345678901234567890123456789012', 'is not random enough'],
    ['abcdefghijklmnopqrstuvwxyz0123456789', 'is not random enough'],
    ['q7Xv2mKpL9sZ4dRtq7Xv2mKpL9sZ4dRt', 'is not random enough'],
  ])('%s is refused in production', (key, problem) => {
    expect(problemsOf({ NODE_ENV: 'production', SECRET_KEY: key, ENCRYPTION_KEY: keys[0] ?? '' })).toEqual([
      expect.objectContaining({ variable: 'SECRET_KEY', problem }),
    ]);
  });

  it('is never refused when it is random', () => {
    const hex = '0123456789abcdef';
    const keys = Array.from({ length: 500 }, () =>
      Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => hex[byte % 16]).join(''),
    );
    expect(keys.filter((key) => weakness(key) !== null)).toEqual([]);
  });

  it('may be a known one in development, and not a short one', () => {
    expect(problemsOf({ SECRET_KEY: 'change-me-change-me-change-me-change-me' })).toEqual([]);
    expect(problemsOf({ SECRET_KEY: 'short' })).toMatchObject([{ variable: 'SECRET_KEY' }]);
  });
});

describe('ENCRYPTION_KEY', () => {
  const problemOf = (key: string, environment: Record<string, string> = { NODE_ENV: 'production' }) =>
    problemsOf({ SECRET_KEY: strong, ENCRYPTION_KEY: key, ...environment }).map(({ problem }) => problem);

  it('is generated in development and readable by its owner alone', () => {
    const { encryptionKeys } = read({});
    const file = join(directory, 'encryption-key');

    expect(encryptionKeys).toEqual([readFileSync(file, 'utf8')]);
    expect(problemOf(encryptionKeys[0] ?? '')).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(read({}).encryptionKeys).toEqual(encryptionKeys);
  });

  it('must be given in production', () => {
    expect(problemOf('')).toEqual(['is missing']);
    expect(existsSync(join(directory, 'encryption-key'))).toBe(false);
  });

  const bytes = (make: (index: number) => number) => Buffer.from(Array.from({ length: 32 }, (_, at) => make(at)));

  it.each([
    ['not base64!', 'is not base64'],
    ['c2hvcnQ=', 'has 5 bytes'],
    [`${keys[0]},c2hvcnQ=`, 'has 5 bytes as its key 2'],
    [`${keys[0]},,${keys[1]}`, 'has 0 bytes as its key 2'],
    [bytes(() => 0).toString('base64'), 'is not random enough'],
    [bytes((at) => at + 128).toString('base64'), 'is not random enough'],
    [bytes((at) => (at % 8) * 31).toString('base64'), 'is not random enough'],
    [Buffer.from('this is my own passphrase, 32 ch').toString('base64'), 'is text instead of random bytes'],
  ])('%s is refused in production', (key, problem) => {
    expect(problemOf(key)).toEqual([problem]);
  });

  it('is never refused when it is random', () => {
    const random = Array.from({ length: 500 }, () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
    );
    expect(random.flatMap((key) => problemOf(key))).toEqual([]);
  });

  it('may be a weak one in development, and not a short one', () => {
    expect(problemOf(bytes(() => 0).toString('base64'), {})).toEqual([]);
    expect(problemOf('c2hvcnQ=', {})).toEqual(['has 5 bytes']);
  });
});
