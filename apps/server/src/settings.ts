import { join, resolve } from 'node:path';
import type { PlatformSettings, S3Settings, SmtpSettings } from '@tenon/core';
import { z } from 'zod';
import { encryptionKeyProblem, encryptionKeysOf, keptEncryptionKey } from './encryption-key.ts';
import { readOidcIssuers } from './oidc-settings.ts';
import { type SettingProblem, SettingsError } from './settings-error.ts';
import { keptSecretKey, weakness } from './secret-key.ts';
import { isAddressOrNetwork, type TrustProxy } from './trusted-proxies.ts';

/** The settings of this process, from its environment (A10). Read once, at start. */
export interface Settings extends PlatformSettings {
  readonly host: string;
  readonly port: number;
  readonly trustProxy: TrustProxy;
  /** How long requests are still accepted after the order to stop, while readiness says that no more should be sent. */
  readonly drainSeconds: number;
  /** Null: migrations use the server's own login. */
  readonly migrationUrl: string | null;
  readonly migrateOnStart: boolean;
  /** Exact origins of the web pages that may call the API. */
  readonly corsOrigins: readonly string[];
  /** Whether long answers of JSON are compressed for clients that accept it. */
  readonly compression: boolean;
  /** Null: mails are written to a folder. */
  readonly smtp: SmtpSettings | null;
  readonly logLevel: (typeof logLevels)[number];
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));

const integer = (min: number, max: number, byDefault: number) => wholeNumber(min, max).default(byDefault);

const flags: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false, yes: true, no: false };
const flag = () =>
  z
    .string()
    .toLowerCase()
    .refine((text) => Object.hasOwn(flags, text))
    .transform((text) => flags[text] === true);

const list = () =>
  z.string().transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  );

const isOrigin = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
};

const isHostWithPort = (text: string): boolean =>
  /:\d{1,5}$/.test(text) && URL.parse(`http://${text}`)?.pathname === '/';

/** Whether core takes a text for the URL of a PostgreSQL database. Its scheme is in lower case. */
const isPostgresUrl = (text: string): boolean => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text);

/** Whether paths can be added to a text to make links. */
function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(text) && url.username + url.password === '';
}

const trustProxy = z.string().transform((text): TrustProxy => {
  const lower = text.toLowerCase();
  if (Object.hasOwn(flags, lower) && !/^\d$/.test(lower)) return flags[lower] === true;
  return /^\d{1,2}$/.test(text) ? Number(text) : text.split(',').map((item) => item.trim());
});

/** Every variable: how it is read, and what would be valid. `docs/settings.md` describes them. */
const variables = {
  NODE_ENV: [z.enum(['development', 'test', 'production']).default('development'), 'development, test or production'],
  HOST: [
    z
      .string()
      .regex(/^[\w.:-]+$/)
      .optional(),
    'an address to listen on, such as 127.0.0.1 or 0.0.0.0',
  ],
  PORT: [integer(0, 65_535, 8000), 'a port from 0 (any) to 65535'],
  TRUST_PROXY: [
    trustProxy.refine((value) => typeof value !== 'object' || value.every(isAddressOrNetwork)).default(false),
    'false, the number of proxies in front of the server, or their addresses separated by commas',
  ],
  DRAIN_SECONDS: [wholeNumber(0, 300).optional(), 'seconds from 0 to 300'],
  DATA_DIR: [z.string().default('./data'), 'the path of a folder'],
  DATABASE_URL: [
    z
      .string()
      .refine((text) => /^(file|sqlite):.+/.test(text) || isPostgresUrl(text))
      .optional(),
    'file:PATH for SQLite, or postgres://USER:PASSWORD@HOST/DATABASE',
  ],
  DATABASE_MIGRATION_URL: [
    z.string().refine(isPostgresUrl).optional(),
    'postgres://USER:PASSWORD@HOST/DATABASE, with the role that owns the tables',
  ],
  SQLITE_SYNCHRONOUS: [z.enum(['normal', 'full']).default('normal'), 'normal or full'],
  POOL_SIZE: [integer(2, 500, 10), 'a number of connections from 2 to 500'],
  POOL_TIMEOUT_SECONDS: [integer(1, 60, 5), 'seconds from 1 to 60'],
  LOCK_TIMEOUT_SECONDS: [integer(1, 60, 10), 'seconds from 1 to 60'],
  STATEMENT_TIMEOUT_SECONDS: [integer(2, 600, 30), 'seconds from 2 to 600, more than LOCK_TIMEOUT_SECONDS'],
  ACCESS_TOKEN_EXPIRE_MINUTES: [integer(1, 1440, 20), 'minutes from 1 to 1440'],
  REFRESH_TOKEN_EXPIRE_DAYS: [integer(1, 365, 3), 'days from 1 to 365'],
  REQUIRE_VERIFIED_EMAIL: [flag().default(true), 'true or false'],
  SIGN_UP: [z.enum(['open', 'invite', 'closed']).default('open'), 'open, invite or closed'],
  DEFAULT_TIER: [z.enum(['free', 'pro', 'enterprise']).default('enterprise'), 'free, pro or enterprise'],
  PASSWORD_MIN_LENGTH: [integer(8, 64, 8), 'a number of characters from 8 to 64'],
  AUTH_ATTEMPTS_PER_ADDRESS: [integer(5, 1_000_000, 50), 'a number of attempts from 5 to 1000000'],
  STREAMS_PER_USER: [integer(1, 10_000, 20), 'a number of streams from 1 to 10000'],
  STREAMS_PER_ORGANIZATION: [integer(1, 100_000, 500), 'a number of streams from 1 to 100000'],
  MIGRATE_ON_START: [flag().optional(), 'true or false'],
  OIDC_ORGANIZATION_PRIVATE_NETWORKS: [flag().default(false), 'true or false'],
  WEBHOOK_ALLOWED_HOSTS: [
    list()
      .transform((hosts) => hosts.map((host) => host.toLowerCase()))
      .refine((hosts) => hosts.every(isHostWithPort))
      .default([]),
    'hosts with their ports, separated by commas, such as hooks.internal:8080',
  ],
  WEBHOOK_RETRY_SECONDS: [
    list()
      .refine((delays) => delays.length > 0 && delays.length <= 20 && delays.every((delay) => /^\d{1,6}$/.test(delay)))
      .transform((delays) => delays.map(Number))
      .optional(),
    'up to 20 delays in seconds, separated by commas, such as 0,5,300',
  ],
  CORS_ORIGINS: [
    list()
      .transform((origins) => origins.map((origin) => origin.toLowerCase()))
      .refine((origins) => origins.every(isOrigin))
      .default([]),
    'origins separated by commas, such as https://app.example.com (no path, no default port, no *)',
  ],
  COMPRESSION: [z.enum(['on', 'off']).default('on'), 'on or off'],
  LOG_LEVEL: [z.enum(logLevels).default('info'), `one of ${logLevels.join(', ')}`],
  SMTP_HOST: [
    z
      .string()
      .regex(/^[\w.:-]+$/)
      .optional(),
    'the name of the mail server, such as smtp.example.com',
  ],
  SMTP_PORT: [integer(1, 65_535, 587), 'a port from 1 to 65535'],
  SMTP_SECURITY: [z.enum(['starttls', 'tls', 'none']).default('starttls'), 'starttls, tls or none'],
  SMTP_USER: [z.string().optional(), 'the user name to sign in with'],
  SMTP_PASSWORD: [z.string().optional(), 'the password to sign in with'],
  SMTP_FROM: [
    z
      .string()
      .regex(/^(?:[^<>\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/)
      .optional(),
    'the address that mails come from, such as Tenon <no-reply@example.com>',
  ],
  S3_BUCKET: [
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional(),
    'the name of a bucket',
  ],
  S3_ENDPOINT: [z.string().refine(isBaseUrl).optional(), 'the address of the service, such as https://s3.example.com'],
  S3_REGION: [
    z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .default('us-east-1'),
    'the name of a region, such as eu-central-1',
  ],
  S3_ACCESS_KEY_ID: [z.string().optional(), 'the id of an access key'],
  S3_SECRET_ACCESS_KEY: [z.string().optional(), 'the secret of the access key'],
  S3_PATH_STYLE: [flag().optional(), 'true or false'],
  PUBLIC_URL: [
    z
      .string()
      .refine(isBaseUrl)
      .transform((text) => text.replace(/\/+$/, ''))
      .optional(),
    'the address at which people reach this server, such as https://tenon.example.com',
  ],
} satisfies Record<string, readonly [z.ZodType, string]>;

type Name = keyof typeof variables;
type Values = { [Key in Name]: z.output<(typeof variables)[Key][0]> };

/** Errors never repeat the values of these variables: they may contain a password. */
const confidential: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'DATABASE_MIGRATION_URL',
  'SMTP_PASSWORD',
  'S3_SECRET_ACCESS_KEY',
]);

const strongKey = 'at least 32 random characters, for example the output of `openssl rand -base64 48`';

/** What is wrong with SECRET_KEY. Development needs none; a short key is refused everywhere. */
function secretKeyProblem(key: string | undefined, production: boolean): string | null {
  if (key === undefined) return production ? 'is missing' : null;
  return production || key.length < 32 ? weakness(key) : null;
}

const strongEncryptionKey =
  'the output of `openssl rand -base64 32` (32 random bytes), or to several separated by commas while you change it';

/**
 * The variables of a group that are missing although others of it are set.
 * @param needed those that must be set then
 * @param pair two that belong together
 */
function groupProblems(
  given: (name: string) => string | undefined,
  { names, needed, pair }: { names: readonly Name[]; needed: readonly Name[]; pair: readonly [Name, Name] },
): SettingProblem[] {
  const set = names.filter((name) => given(name) !== undefined);
  if (set.length === 0) return [];
  return [...needed, ...(pair.some((name) => set.includes(name)) ? pair : [])]
    .filter((name) => !set.includes(name))
    .map((variable) => ({
      variable,
      problem: `is missing although ${set[0]} is set`,
      expected: variables[variable][1],
    }));
}

const smtp = {
  names: ['SMTP_HOST', 'SMTP_PORT', 'SMTP_SECURITY', 'SMTP_USER', 'SMTP_PASSWORD', 'SMTP_FROM'],
  needed: ['SMTP_HOST', 'SMTP_FROM'],
  pair: ['SMTP_USER', 'SMTP_PASSWORD'],
} as const;

const s3 = {
  names: ['S3_BUCKET', 'S3_ENDPOINT', 'S3_REGION', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_PATH_STYLE'],
  needed: ['S3_BUCKET'],
  pair: ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
} as const;

/** A service of one's own has its buckets in the path, because it has no names of hosts for them. */
const s3Of = (values: Values): S3Settings | null =>
  values.S3_BUCKET === undefined
    ? null
    : {
        bucket: values.S3_BUCKET,
        endpoint: values.S3_ENDPOINT ?? null,
        region: values.S3_REGION,
        credentials:
          values.S3_ACCESS_KEY_ID === undefined || values.S3_SECRET_ACCESS_KEY === undefined
            ? null
            : { accessKeyId: values.S3_ACCESS_KEY_ID, secretAccessKey: values.S3_SECRET_ACCESS_KEY },
        pathStyle: values.S3_PATH_STYLE ?? values.S3_ENDPOINT !== undefined,
      };

const smtpOf = (values: Values): SmtpSettings | null =>
  values.SMTP_HOST === undefined || values.SMTP_FROM === undefined
    ? null
    : {
        host: values.SMTP_HOST,
        port: values.SMTP_PORT,
        security: values.SMTP_SECURITY,
        login:
          values.SMTP_USER === undefined || values.SMTP_PASSWORD === undefined
            ? null
            : { user: values.SMTP_USER, password: values.SMTP_PASSWORD },
        from: values.SMTP_FROM,
      };

/**
 * Reads the settings. An empty variable counts as not set.
 * @throws SettingsError which names every invalid variable
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const given = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const production = given('NODE_ENV') === 'production';
  const problems: SettingProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, [schema, expected]] of Object.entries(variables)) {
    const text = given(name);
    const parsed = schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else {
      const problem = confidential.has(name) ? 'is not a valid URL' : `is ${JSON.stringify(text)}`;
      problems.push({ variable: name, problem, expected });
    }
  }
  if (production && values['TRUST_PROXY'] === true)
    problems.push({
      variable: 'TRUST_PROXY',
      problem: 'lets every client choose its own address',
      expected: 'the number of proxies in front of the server, or to their addresses separated by commas',
    });
  const { LOCK_TIMEOUT_SECONDS: lockTimeout, STATEMENT_TIMEOUT_SECONDS: statementTimeout } = values;
  if (typeof lockTimeout === 'number' && typeof statementTimeout === 'number' && lockTimeout >= statementTimeout)
    problems.push({
      variable: 'STATEMENT_TIMEOUT_SECONDS',
      problem: `is ${statementTimeout}, and LOCK_TIMEOUT_SECONDS is ${lockTimeout}`,
      expected: variables.STATEMENT_TIMEOUT_SECONDS[1],
    });
  const secretKey = given('SECRET_KEY');
  const weak = secretKeyProblem(secretKey, production);
  if (weak) problems.push({ variable: 'SECRET_KEY', problem: weak, expected: strongKey });
  const encryptionKey = given('ENCRYPTION_KEY');
  const wrong = encryptionKeyProblem(encryptionKey, production);
  if (wrong) problems.push({ variable: 'ENCRYPTION_KEY', problem: wrong, expected: strongEncryptionKey });
  const oidc = readOidcIssuers(environment);
  problems.push(...groupProblems(given, smtp), ...groupProblems(given, s3), ...oidc.problems);
  if (problems.length > 0) throw new SettingsError(problems);
  const settings = assemble(values as Values, production, { secretKey, encryptionKey });
  return { ...settings, oidcIssuers: oidc.issuers };
}

/** Keys that are generated and kept when they are not set. */
interface GivenKeys {
  secretKey: string | undefined;
  encryptionKey: string | undefined;
}

function assemble(values: Values, production: boolean, { secretKey, encryptionKey }: GivenKeys): Settings {
  const dataDirectory = resolve(values.DATA_DIR);
  const databaseUrl = values.DATABASE_URL ?? `file:${join(dataDirectory, 'tenon.db')}`;
  return {
    production,
    host: values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: values.PORT,
    trustProxy: values.TRUST_PROXY,
    drainSeconds: values.DRAIN_SECONDS ?? (production ? 5 : 0),
    dataDirectory,
    databaseUrl,
    sqliteSynchronous: values.SQLITE_SYNCHRONOUS,
    migrationUrl: values.DATABASE_MIGRATION_URL ?? null,
    migrateOnStart: values.MIGRATE_ON_START ?? !databaseUrl.startsWith('postgres'),
    postgres: {
      poolSize: values.POOL_SIZE,
      connectTimeout: values.POOL_TIMEOUT_SECONDS,
      lockTimeout: values.LOCK_TIMEOUT_SECONDS,
      statementTimeout: values.STATEMENT_TIMEOUT_SECONDS,
    },
    secretKey: secretKey ?? keptSecretKey(dataDirectory),
    encryptionKeys: encryptionKeysOf(encryptionKey ?? keptEncryptionKey(dataDirectory)),
    accessTokenMinutes: values.ACCESS_TOKEN_EXPIRE_MINUTES,
    refreshTokenDays: values.REFRESH_TOKEN_EXPIRE_DAYS,
    requireVerifiedEmail: values.REQUIRE_VERIFIED_EMAIL,
    signUp: values.SIGN_UP,
    defaultTier: values.DEFAULT_TIER,
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
    attemptsPerAddress: values.AUTH_ATTEMPTS_PER_ADDRESS,
    streamsPerUser: values.STREAMS_PER_USER,
    streamsPerOrganization: values.STREAMS_PER_ORGANIZATION,
    organizationIssuersInPrivateNetworks: values.OIDC_ORGANIZATION_PRIVATE_NETWORKS,
    webhookAllowedHosts: values.WEBHOOK_ALLOWED_HOSTS,
    ...(values.WEBHOOK_RETRY_SECONDS && { webhookRetrySeconds: values.WEBHOOK_RETRY_SECONDS }),
    corsOrigins: values.CORS_ORIGINS,
    compression: values.COMPRESSION === 'on',
    s3: s3Of(values),
    smtp: smtpOf(values),
    logLevel: values.LOG_LEVEL,
    publicUrl: values.PUBLIC_URL ?? `http://localhost:${values.PORT}`,
  };
}
