import { randomUUID } from 'node:crypto';
import { hasSecrets } from '@tenon/core';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { type Case, cases, casesWhere, scenes } from './testing/cases.ts';
import { added, changedTables } from './testing/compare.ts';
import { alternatives, type Field, fieldsOf, itemsOf } from './testing/fields.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import type { Fields } from './testing/wire.ts';

/*
 * Every field that an update takes is kept: it is answered, it is read back, it leaves a trace in the events, and writing the
 * same value again changes nothing. A new field is tested without a line here.
 */

const updates = casesWhere(({ method }) => method === 'PATCH').flatMap(([name, one]) =>
  fieldsOf(one.operation)
    .filter((field) => !one.operation.parameters.has(field.name))
    .map((field) => [name, field.name, one, field] as const),
);

/** Values of every kind; the schema of the field says which of them it takes. */
function candidates({ schema }: Field): unknown[] {
  const listed = (of: Field['schema']) =>
    alternatives(of).flatMap((one) => (Array.isArray(one['enum']) ? one['enum'] : []));
  const items = alternatives(schema).flatMap((one) => listed(itemsOf(one)));
  return [
    ...listed(schema).toReversed(),
    ...(items.length > 0 ? [[items.at(-1)]] : []),
    // Decomposed, because what is written is kept.
    `Changed cafe\u0301 ${randomUUID()}`,
    `Changed ${randomUUID()}`,
    `changed-${randomUUID()}`,
    'de-DE',
    'Europe/Berlin',
    '#123456',
    'https://id.example.org',
    // The last instant of the last year that is taken.
    '9999-12-31T23:59:59.999Z',
    0.1 + 0.2,
    3,
    false,
    true,
    { changed: true },
  ];
}

/** The operation that reads what an operation changes. */
const readerOf = ({ operation: { path } }: Case): Case | undefined =>
  cases.find(({ operation }) => operation.method === 'GET' && operation.path === path);

/** Whether nothing but the resource itself shows a field. */
const isSecret = (field: string, schema?: z.ZodType): boolean =>
  /secret/i.test(field) || (schema !== undefined && hasSecrets(schema));

/** The texts, numbers and other simple values in a value, as JSON. */
const simpleValues = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(simpleValues) : [JSON.stringify(value)];

/** JSON with the members of objects in one order, because PostgreSQL keeps none. */
const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  const sends = async (one: Case, input: Fields): Promise<Fields> => {
    const { data, problem } = await scene.callAs(owner, 'rest', one.name, input);
    expect(problem).toBeNull();
    return data as Fields;
  };

  it.each(updates)('%s keeps %s', async (_name, field, one, described) => {
    const sample = await one.input(owner, scene);
    const path = Object.fromEntries([...one.operation.parameters].map((name) => [name, sample[name]]));
    const reader = readerOf(one);
    const before = reader ? await sends(reader, path) : {};
    const schema = one.operation.input.shape[field] as z.ZodType;
    const takes = (value: unknown) => {
      const { success, data } = schema.safeParse(value);
      return success && JSON.stringify(data) !== JSON.stringify(before[field]);
    };
    const value = [...(field in sample ? [sample[field]] : []), ...candidates(described)].find(takes);
    expect(value, `Give ${one.name} a value for ${field} in its sample.`).toBeDefined();
    const kept = schema.parse(value);
    const events = await scene.dump(['events', 'event_payloads']);

    // Some fields are refused alone: another issuer needs its secret.
    const alone = { ...path, [field]: value };
    const { status } = await scene.callAs(owner, 'rest', one.name, alone, { 'dry-run': 'true' });
    const input = status === 400 ? { ...sample, [field]: value } : alone;
    const answer = await sends(one, input);

    expect(field in answer ? answer[field] : kept).toEqual(kept);
    // Ids may be answered as what they name.
    const hidden = simpleValues(kept).filter((one) => !JSON.stringify(answer).includes(one));
    const secret = isSecret(field, schema);
    expect(secret ? [] : hidden).toEqual([]);
    expect(reader ? await sends(reader, path) : answer).toEqual(answer);
    const payloads = added(events, await scene.dump(['events', 'event_payloads']), 'event_payloads');
    const traces = payloads.map(({ payload }) => inOrder(typeof payload === 'string' ? JSON.parse(payload) : payload));
    expect(traces.join('').includes(inOrder(kept))).toBe(!secret);
    // Some resources show no version.
    const { version } = answer;
    expect(version).toBe(version === undefined ? version : Number(before['version']) + 1);
    const told = version === undefined ? [] : traces.map((trace) => JSON.parse(trace) as unknown);
    const changes = secret ? {} : { [field]: { to: kept } };
    expect(told).toMatchObject(version === undefined ? [] : [{ changes, data: { version } }]);

    const settled = await scene.fingerprints();
    await sends(one, input);
    const changed = changedTables(settled, await scene.fingerprints());
    // A secret that is given again counts as a new one.
    expect(Object.keys(input).some((name) => isSecret(name)) ? [] : changed).toEqual([]);
  });

  it('covers the fields of several resources', () => {
    expect(new Set(updates.map(([name]) => name)).size).toBeGreaterThan(8);
  });
});
