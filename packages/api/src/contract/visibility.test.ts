import { builtInRoles } from '@tenon/core';
import type { Dump } from '@tenon/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../operation.ts';
import { type Case, cases, casesWhere, scenes } from './testing/cases.ts';
import { changedTables, learned } from './testing/compare.ts';
import { alternatives, type Field, fieldsOf, itemsOf, missingIds, namesById, onlyRequired } from './testing/fields.ts';
import type { Person, Scene } from './testing/scene.ts';
import { type Fields, surfaces } from './testing/wire.ts';

/** The tables of which somebody who sees only their own rows sees a part. Rows without people are visible to them. */
const narrowed = ({ platform }: Scene): string[] =>
  [...platform.database.tables.values()]
    .filter(({ visibility: facts }) => facts && (facts.kind !== 'own' || facts.people))
    .map(({ name }) => name);

/** The ids of everything that must stay hidden from somebody who sees only their assigned tasks. */
function hiddenFrom({ userId, organization }: Person, dump: Dump): Set<string> {
  const ids = (table: string, matches: (row: Dump[string][number]) => boolean) =>
    (dump[table] ?? []).filter((row) => row['organization_id'] === organization.id && matches(row));
  const assigned = new Set(ids('task_assignees', (row) => row['user_id'] === userId).map((row) => row['task_id']));
  const tasks = ids('tasks', ({ id }) => !assigned.has(id)).map(({ id }) => id);
  const about = new Set(tasks);
  const comments = ids('comments', (row) => about.has(row['task_id'])).map(({ id }) => id);
  const events = ids('events', (row) => about.has(row['entity_id']) || about.has(row['parent_id'])).map(({ id }) => id);
  return new Set([...tasks, ...comments, ...events].map(String));
}

/** Values for a field that widen what is asked for: each flag, each choice, ids of hidden rows. */
function valuesFor({ schema, name }: Field, hidden: readonly string[], words: string): unknown[] {
  const [first = {}] = alternatives(schema);
  if (name === 'search') return [words];
  if (first['type'] === 'boolean') return [true, false];
  if (Array.isArray(first['enum'])) return first['enum'];
  if (first['type'] !== 'array') return [];
  const [item = {}] = alternatives(itemsOf(first));
  if (Array.isArray(item['enum'])) return item['enum'].map((one) => [one]);
  return item['format'] === 'uuid' ? [hidden.slice(0, 50)] : [];
}

/** Expects that the total counts no hidden rows: on a page that is the whole list it equals the number of rows. */
function expectHonestTotal(page: unknown): void {
  const { data, nextCursor, total } = page as { data?: unknown[]; nextCursor?: string | null; total?: number };
  const whole = data && nextCursor === null ? data.length : total;
  expect(total ?? whole).toBe(whole);
}

describe.each(scenes)('on %s, somebody who sees only their assigned tasks', (_dialect, open) => {
  let scene: Scene;
  let developer: Person;
  let hidden: Set<string>;
  let titles: string[];

  beforeAll(async () => {
    scene = await open();
    const { owner } = scene.acme.people;
    developer = scene.acme.people.developer;
    for (const one of cases) {
      if (one.operation.permission === null) continue;
      await scene.callAs(owner, 'rest', one.name, await one.input(owner, scene));
    }
    const dump = await scene.dump();
    hidden = hiddenFrom(developer, dump);
    titles = (dump['tasks'] ?? []).filter(({ id }) => hidden.has(String(id))).map((row) => String(row['title']));
  });
  afterAll(() => scene.dispose());

  it('has many hidden rows to look for', () => {
    expect(hidden.size).toBeGreaterThan(10);
  });

  const allowed = casesWhere(({ permission }) => permission !== null);

  const mayRead = ({ type, permission }: Operation) =>
    type === 'query' && builtInRoles.developer.permissions.some((one) => one === permission);

  it.each(casesWhere(mayRead))('sees nothing else in %s, whatever is asked', async (name, one) => {
    const counted = 'total' in one.operation.input.shape ? { total: true, limit: 100 } : {};
    const base = { ...onlyRequired(one.operation, await one.input(developer, scene)), ...counted };
    const variants: Fields[] = [base];
    for (const field of fieldsOf(one.operation))
      for (const value of valuesFor(field, [...hidden], 'count')) variants.push({ ...base, [field.name]: value });
    for (const input of variants)
      for (const surface of surfaces) {
        const { text, data, status } = await scene.callAs(developer, surface, name, input);
        expect(status, `${surface} ${JSON.stringify(input)} ${text}`).toBe(200);
        for (const secret of [...hidden, ...titles])
          expect(text.includes(secret), `${surface} ${JSON.stringify(input)} shows ${secret}`).toBe(false);
        expectHonestTotal(data);
      }
  });

  const withIds = allowed.flatMap(([name, one]) =>
    fieldsOf(one.operation)
      .filter(namesById)
      .map((field) => [name, field.name, one] as const),
  );

  /** Inputs whose field names something hidden, and something missing. Null when the field cannot name anything hidden. */
  async function naming(one: Case, field: string) {
    if (one.operation.permission === null || !developer.can(one.operation.permission)) return null;
    const theirs = (await one.input(scene.acme.people.owner, scene))[field];
    const dump = await scene.dump();
    const secrets = new Set(narrowed(scene).flatMap((table) => (dump[table] ?? []).map(({ id }) => id)));
    if (![theirs].flat().some((id) => secrets.has(id))) return null;
    const input = await one.input(developer, scene);
    // Filters of a query narrow each other, so this one is sent alone. A mutation makes its changes together, so all are sent.
    const own = one.operation.type === 'query' ? onlyRequired(one.operation, input, field) : input;
    return { hidden: { ...own, [field]: theirs }, missing: { ...own, [field]: missingIds(theirs) } };
  }

  it.each(withIds)('cannot tell hidden rows from missing ones by %s in %s', async (name, field, one) => {
    const inputs = await naming(one, field);
    if (!inputs) return;
    for (const surface of surfaces) {
      const first = await scene.callAs(developer, surface, name, inputs.hidden);
      const second = await scene.callAs(developer, surface, name, inputs.missing);
      expect(learned(first)).toEqual(learned(second));
    }
  });

  it.each(withIds)('cannot change hidden rows by %s in %s', async (name, field, one) => {
    const inputs = await naming(one, field);
    if (!inputs) return;
    const before = await scene.fingerprints();
    for (const surface of surfaces) await scene.callAs(developer, surface, name, inputs.hidden);
    expect(changedTables(before, await scene.fingerprints())).toEqual([]);
  });
});
