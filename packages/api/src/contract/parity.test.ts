import { describe, expect, it } from 'vitest';
import { casesWhere, scenes } from './testing/cases.ts';
import { comparable } from './testing/compare.ts';
import { fieldsOf, missingIds, namesById } from './testing/fields.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import type { Fields, Reply } from './testing/wire.ts';

/** The names and types in an answer. They are the same for two objects that were created one after the other. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}

/** A text that no field takes, in any part of a request. */
const wrongText = '\u0000';

const outcome = ({ status, problem, headers }: Reply) => ({
  status,
  problem: comparable(problem),
  ...Object.fromEntries(['etag', 'idempotency-replayed', 'www-authenticate'].map((name) => [name, headers[name]])),
});

describe.each(scenes)('on %s, REST and tRPC answer alike', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  const shared = casesWhere(({ restOnly }) => !restOnly);

  const both = async (name: string, input: Fields, by: Person = owner, headers: Record<string, string> = {}) =>
    [
      await scene.callAs(by, 'rest', name, input, headers),
      await scene.callAs(by, 'trpc', name, input, headers),
    ] as const;

  it.each(shared.filter(([, { operation }]) => operation.type === 'query'))('to %s', async (name, one) => {
    const [rest, trpc] = await both(name, await one.input(owner, scene));
    expect(trpc.data).toEqual(rest.data);
    expect(outcome(trpc)).toEqual(outcome(rest));
  });

  it.each(shared.filter(([, { operation }]) => operation.mutationHeaders && operation.type === 'mutation'))(
    'to a dry run of %s',
    async (name, one) => {
      const [rest, trpc] = await both(name, await one.input(owner, scene), owner, { 'dry-run': 'true' });
      expect(shapeOf(trpc.data)).toEqual(shapeOf(rest.data));
      expect(outcome(trpc)).toEqual(outcome(rest));
    },
  );

  it.each(shared.filter(([, { operation }]) => operation.type === 'mutation'))('to %s', async (name, one) => {
    const rest = await scene.callAs(owner, 'rest', name, await one.input(owner, scene));
    const trpc = await scene.callAs(owner, 'trpc', name, await one.input(owner, scene));
    expect(trpc.status).toBe(200);
    expect(shapeOf(trpc.data)).toEqual(shapeOf(rest.data));
    expect('etag' in trpc.headers).toBe('etag' in rest.headers);
  });

  it.each(shared)('to a wrong input of %s', async (name, one) => {
    const input = await one.input(owner, scene);
    const wrong = Object.entries(input).map(([field, value]) => ({
      ...input,
      [field]: Array.isArray(value) ? [wrongText] : wrongText,
    }));
    for (const sent of [...wrong, { ...input, thereIsNoSuchField: '1' }]) {
      const [rest, trpc] = await both(name, sent);
      expect(rest.status).toBeGreaterThanOrEqual(400);
      expect(outcome(trpc)).toEqual(outcome(rest));
    }
  });

  const withIds = shared.flatMap(([name, one]) =>
    fieldsOf(one.operation)
      .filter(namesById)
      .map((field) => [name, field.name, one] as const),
  );

  it.each(withIds)('when %s names nothing in %s', async (name, field, one) => {
    const input = await one.input(owner, scene);
    const [rest, trpc] = await both(name, { ...input, [field]: missingIds(input[field]) });
    expect(trpc.data).toEqual(rest.data);
    expect(outcome(trpc)).toEqual(outcome(rest));
  });

  it.each(casesWhere(({ restOnly }) => restOnly))('except that tRPC knows no %s', async (name, one) => {
    const reply = await scene.callAs(owner, 'trpc', name, await one.input(owner, scene));
    expect(reply).toMatchObject({ status: 404, problem: { code: 'procedure_not_found' } });
  });
});
