import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { oidcVariables } from './oidc-settings.ts';
import { readSettings } from './settings.ts';

const fileOf = (path: string): string => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');

const page = fileOf('docs/settings.md');

/** The rows of the tables: `| `NAME` | default | meaning | `example` |`. */
const rows = [...page.matchAll(/^\| `([A-Z][\w<>]+)` \| (.+?) \| .+ \| `(.+)` \|$/gm)].map(
  ([, name = '', byDefault = '', example = '']) => ({ name, byDefault, example }),
);

const random = (bytes: number) => randomBytes(bytes).toString('base64');
// With both keys set, development generates none in DATA_DIR.
const keys = { SECRET_KEY: random(48), ENCRYPTION_KEY: random(32) };

/** Every variable that `readSettings` looks up by its name. */
function variablesRead(): Set<string> {
  const names = new Set<string>();
  const environment = new Proxy<NodeJS.ProcessEnv>(keys, {
    get(target, name) {
      names.add(String(name));
      return Reflect.get(target, name);
    },
  });
  readSettings(environment);
  return names;
}

const environmentOf = (values: readonly (readonly [string, string])[]) =>
  Object.fromEntries(values.map(([name, value]) => [name.replace('<NAME>', 'EXAMPLE'), value]));

describe('docs/settings.md', () => {
  it('has a row for every variable that is read, and for no other', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...variablesRead(), ...oidcVariables].toSorted());
  });

  it('gives examples that are accepted', () => {
    const examples = rows.map(({ name, example }): [string, string] => [
      name,
      example.replace(/^\$\(openssl rand -base64 (\d+)\)$/, (_, bytes) => random(Number(bytes))),
    ]);
    expect(() => readSettings(environmentOf(examples))).not.toThrow();
  });

  it('names the values that production refuses', () => {
    const refused = [...page.matchAll(/^\| `([A-Z_]+)` \|.*`(\w+)` [^`|]*refused in production/gm)];
    expect(refused.map(([, name]) => name)).toEqual(['TRUST_PROXY']);
    for (const [, name = '', value] of refused) {
      const production = { ...keys, NODE_ENV: 'production', [name]: value };
      expect(() => readSettings(production)).toThrow(new RegExp(`^One setting is wrong:\\n  ${name} `));
    }
  });

  it('states the defaults of the code', () => {
    const issuer = environmentOf([
      ['OIDC_<NAME>_ISSUER', 'https://id.example.com'],
      ['OIDC_<NAME>_CLIENT_ID', 'tenon'],
    ]);
    const smtp = { SMTP_HOST: 'smtp.example.com', SMTP_FROM: 'no-reply@example.com' };
    const needed = { ...keys, ...issuer, ...smtp, S3_BUCKET: 'tenon-files' };
    const stated = rows.flatMap(({ name, byDefault }): [string, string][] => {
      const value = /^`([^`A-Z]+)`$/.exec(byDefault)?.[1];
      return value === undefined ? [] : [[name, value]];
    });
    expect(stated.length).toBeGreaterThan(10);
    expect(readSettings({ ...environmentOf(stated), ...needed })).toEqual(readSettings(needed));
  });
});

describe('docker-compose.yml', () => {
  it('passes on every variable that its containers do not fix', () => {
    const passed = Array.from(
      fileOf('docker-compose.yml').matchAll(/^ +([A-Z][A-Z_0-9]+): \$\{\1:/gm),
      ([, name]) => name,
    );
    const fixed = ['NODE_ENV', 'HOST', 'PORT', 'DATA_DIR'];
    const ofDatabase = ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'MIGRATE_ON_START', 'SQLITE_SYNCHRONOUS'];
    const expected = [...variablesRead()].filter((name) => ![...fixed, ...ofDatabase].includes(name));
    expect(expected.filter((name) => !passed.includes(name))).toEqual([]);
  });
});
