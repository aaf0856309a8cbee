import { hasSecrets, removed, withoutSecrets } from '@tenon/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cases, scenes } from './testing/cases.ts';
import type { Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import type { Fields } from './testing/wire.ts';

/*
 * The secrets in inputs and outputs. No test names them: they are marked in the schemas. An organization keeps everything of its calls
 * here, and no secret is in what it keeps.
 */

const canary = 'canary-5f1c0d3a7e';

/** The texts in a value that the same value without secrets does not have. */
function textsIn(value: unknown, without: unknown): string[] {
  if (without === removed) return typeof value === 'string' ? [value] : [JSON.stringify(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textsIn(member, Reflect.get(Object(without), name)));
}

const secretsOf = (schema: z.ZodType | null, value: unknown): string[] =>
  schema ? textsIn(value, withoutSecrets(schema, value)) : [];

/** The input with the canary in the place of every secret that it has or could have. */
function planted(schema: z.ZodObject, input: Fields): Fields {
  const without = JSON.stringify(withoutSecrets(schema, input)).replaceAll(`"${removed}"`, `"${canary}"`);
  const lacking = Object.entries(schema.shape).filter(([name, member]) => !(name in input) && hasSecrets(member));
  return { ...Object.fromEntries(lacking.map(([name]) => [name, canary])), ...(JSON.parse(without) as Fields) };
}

const secretName = /password|secret|token$|recoveryCode|^binding$|^state$/i;
const notSecret = /^has|Left$/;

/** The names of the texts in a schema that look like secrets and are not marked as such. */
function unmarked(schema: z.core.$ZodType, name = '', seen = new Set<z.core.$ZodType>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  if (schema instanceof z.ZodObject)
    return Object.entries<z.core.$ZodType>(schema.def.shape).flatMap(([member, of]) => unmarked(of, member, seen));
  if (schema instanceof z.ZodArray) return unmarked(schema.def.element, name, seen);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return unmarked(schema.def.innerType, name, seen);
  const isText = schema instanceof z.ZodString;
  return isText && secretName.test(name) && !notSecret.test(name) && !hasSecrets(schema) ? [name] : [];
}

describe('every field that is named like a secret', () => {
  it.each(cases.map(({ name, operation }) => [name, operation] as const))(
    'of %s is marked as one',
    (_name, operation) => {
      expect([...unmarked(operation.input), ...(operation.output ? unmarked(operation.output) : [])]).toEqual([]);
    },
  );

  it('would be found', () => {
    expect(unmarked(z.object({ keys: z.array(z.object({ clientSecret: z.string().nullable() })) }))).toEqual([
      'clientSecret',
    ]);
  });
});

it('is in no answer that is compressed', () => {
  const whole = cases.filter(({ operation }) => !operation.compressible).map(({ name }) => name);
  const some = ['auth.register', 'auth.login', 'auth.refresh', 'apiKeys.create', 'webhooks.rotateSecret'];
  expect(whole).toEqual(expect.arrayContaining(some));
  expect(whole).not.toContain('tasks.list');
});

const withSecrets = cases
  .filter(({ operation: { input, output } }) => hasSecrets(input) || (output !== null && hasSecrets(output)))
  .map((one) => [one.name, one] as const);

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  useScene(open, async (opened) => {
    ({ scene } = opened);
    const settings = { apiAudit: { reads: 'full', writes: 'full' } } as const;
    await scene.acme.people.owner.do('organizations.update', { organizationId: scene.acme.id, settings });
  });

  it.each(withSecrets)('the secrets of %s are nowhere in the log of calls', async (name, one) => {
    const { operation } = one;
    const { owner } = scene.acme.people;
    const secrets = [canary];
    for (const plant of [(input: Fields) => input, (input: Fields) => planted(operation.input, input)]) {
      const input = plant(await one.input(owner, scene));
      secrets.push(...secretsOf(operation.input, input));
      const { data } = await scene.callAs(owner, 'rest', name, input);
      secrets.push(...secretsOf(operation.output, data));
    }
    await scene.platform.apiLog.write();
    const rows = JSON.stringify(await scene.dump(['api_requests', 'api_usage']));
    for (const secret of secrets) expect(rows).not.toContain(secret);
    // Calls outside of an organization are not logged.
    expect(rows.includes(`"/api/v1${operation.path}"`)).toBe(operation.organization === 'required');
  });

  it('are among the values that these calls send and answer', () => {
    expect(withSecrets.map(([name]) => name)).toEqual(expect.arrayContaining(['apiKeys.create', 'auth.login']));
  });
});
