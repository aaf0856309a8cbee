import { randomUUID } from 'node:crypto';
import { type BuiltInRoleKey, builtInRoles } from '@tenon/core';
import { addNotification, type Dump, encloseEverything } from '@tenon/core/testing';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../operation.ts';
import { type Case, cases, casesWhere, scenes } from './testing/cases.ts';
import { changedTables, learned } from './testing/compare.ts';
import { alternatives, type Field, fieldsOf, itemsOf, missingIds, namesById, onlyRequired } from './testing/fields.ts';
import type { InputOf } from './testing/operation-types.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { type Fields, surfacesOf } from './testing/wire.ts';

/*
 * Four people from whom much is hidden: one who sees only what is assigned to them, one who is no member of the private projects in which
 * everything is, one whose role is limited to a team, and one whose role is limited to a project. What is hidden is found by the facts that
 * the tables state, so a new table is looked at too.
 */

const columnOf = (property: string): string => property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Finds the ids of rows of an organization. */
const idsIn = (dump: Dump, { organization }: Person, table: string, matches: (row: Dump[string][number]) => boolean) =>
  (dump[table] ?? [])
    .filter((row) => row['organization_id'] === organization.id && 'id' in row && matches(row))
    .map(({ id }) => String(id));

/** The rows of a table with people among which somebody is not. */
function unassigned({ platform }: Scene, dump: Dump, person: Person): string[] {
  return [...platform.database.tables.values()].flatMap(({ name, visibility: facts }) => {
    if (facts?.kind !== 'own' || !facts.people) return [];
    const { in: links, row: by, user } = facts.people;
    const linked = (dump[links().meta.tableName] ?? []).filter((row) => row[columnOf(user)] === person.userId);
    const own = new Set(linked.map((row) => row[columnOf(by)]));
    return idsIn(dump, person, name, ({ id }) => !own.has(id));
  });
}

/** The rows that are in a place which can be closed. Call it when all of them are closed to the person. */
function shutIn({ platform }: Scene, dump: Dump, person: Person): string[] {
  const tables = [...platform.database.tables.values()];
  const kinds = tables.flatMap(({ visibility: facts }) =>
    facts?.kind === 'own' && facts.closing ? [facts.closing.place] : [],
  );
  return tables.flatMap(({ name, visibility: facts }) => {
    if (facts?.kind !== 'own') return [];
    const columns = kinds.flatMap((kind) => facts.places?.[kind] ?? []).map(columnOf);
    return idsIn(dump, person, name, (row) => columns.some((column) => row[column] !== null));
  });
}

/** Some rows, with those that are visible together with them, and the events about them. */
function withDependants({ platform }: Scene, dump: Dump, person: Person, ids: readonly string[]): Set<string> {
  const hidden = new Set(ids);
  for (const { name, visibility: facts } of platform.database.tables.values()) {
    const by =
      facts?.kind === 'parent'
        ? Object.keys(facts.parents).map(columnOf)
        : facts?.kind === 'event'
          ? ['entity_id', 'parent_id']
          : [];
    const found = idsIn(dump, person, name, (row) => by.some((column) => hidden.has(String(row[column]))));
    for (const id of found) hidden.add(id);
  }
  return hidden;
}

type Limit = 'team' | 'project';

/**
 * The rows outside of the one place to which the role of a person is limited, and the events that are not about a row that is inside or
 * shared.
 */
const outside =
  (limit: Limit) =>
  ({ platform }: Scene, dump: Dump, person: Person): string[] => {
    const tables = [...platform.database.tables.values()];
    const [held] = (dump['role_assignments'] ?? []).filter((row) => row['user_id'] === person.userId);
    const placeId = held?.[columnOf(`${limit}Id`)];
    const hidden: string[] = [];
    const seen = new Set<unknown>();
    for (const { name, visibility: facts } of tables) {
      if (facts?.kind !== 'own') continue;
      const column = columnOf(facts.places?.[limit] ?? '');
      const isInside = (row: Dump[string][number]) => facts.shared === true || row[column] === placeId;
      for (const id of idsIn(dump, person, name, isInside)) seen.add(id);
      hidden.push(...idsIn(dump, person, name, (row) => !isInside(row)));
    }
    const events = tables.filter(({ visibility: facts }) => facts?.kind === 'event');
    const isApart = (row: Dump[string][number]) => !seen.has(row['entity_id']) && !seen.has(row['parent_id']);
    return [...hidden, ...events.flatMap(({ name }) => idsIn(dump, person, name, isApart))];
  };

interface Hiding {
  who: string;
  role: BuiltInRoleKey;
  /** Makes the person out of the one who has the role in the whole organization. @default as they are */
  narrow?: (person: Person) => Promise<Person>;
  /** Hides what there is by now. */
  hide: (scene: Scene, person: Person) => Promise<void>;
  /** Hides a task that the person sees. */
  lose: (scene: Scene, person: Person, taskId: string) => Promise<unknown>;
  hidden: (scene: Scene, dump: Dump, person: Person) => string[];
}

const nothing = () => Promise.resolve();

/** Changes a task so that it is hidden. */
const changing =
  (fields: Omit<InputOf<'tasks.update'>, 'id'>): Hiding['lose'] =>
  ({ acme }, _person, id) =>
    acme.people.owner.do('tasks.update', { id, ...fields });

/**
 * Limits the role of a person to a new team or project. The tasks that they create from then on are in it, as all tasks that they see, also
 * those that the samples create.
 */
async function limited(person: Person, limit: Limit): Promise<Person> {
  const { organization, userId, role } = person;
  const { owner } = organization.people;
  const { id } =
    limit === 'team'
      ? await owner.do('teams.create', { name: 'The only team' })
      : await owner.do('projects.create', { key: 'ONLY', name: 'The only project' });
  const { data: held } = await owner.do('roleAssignments.list', { user: [userId] });
  const roleId = organization.roleIds[role];
  await owner.do('roleAssignments.create', { userId, roleId, scope: { kind: limit, id } });
  for (const one of held) await owner.do('roleAssignments.delete', { id: one.id });
  const place = limit === 'team' ? { teamId: id } : { projectId: id };
  return {
    ...person,
    get token() {
      return person.token;
    },
    do: (name, input) => person.do(name, name === 'tasks.create' ? Object.assign({}, place, input) : input),
  };
}

const hidings: readonly Hiding[] = [
  {
    who: 'somebody who sees only their assigned tasks',
    role: 'developer',
    hide: nothing,
    lose: changing({ assigneeIds: [] }),
    hidden: unassigned,
  },
  {
    who: 'a stranger to private projects',
    role: 'manager',
    hide: ({ platform }, { organization, userId }) => encloseEverything(platform, organization.id, userId),
    lose: ({ platform }, { organization, userId }) => encloseEverything(platform, organization.id, userId),
    hidden: shutIn,
  },
  {
    who: 'somebody whose role is limited to a team',
    role: 'manager',
    narrow: (person) => limited(person, 'team'),
    hide: nothing,
    lose: changing({ teamId: null }),
    hidden: outside('team'),
  },
  {
    who: 'somebody whose role is limited to a project',
    role: 'manager',
    narrow: (person) => limited(person, 'project'),
    hide: nothing,
    lose: changing({ projectId: null }),
    hidden: outside('project'),
  },
];

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

const inScenes = scenes.flatMap(([dialect, open]) =>
  hidings.map((hiding) => [dialect, hiding.who, open, hiding] as const),
);

describe.each(inScenes)('on %s, %s', (_dialect, _who, open, { role, narrow, hide, lose, hidden: hiddenFrom }) => {
  let scene: Scene;
  let person: Person;
  let hidden: Set<string>;
  let titles: string[];

  useScene(open, async (opened) => {
    ({ scene } = opened);
    const { owner } = scene.acme.people;
    person = scene.acme.people[role];
    if (narrow) person = await narrow(person);
    for (const one of cases) {
      if (one.operation.permission === null) continue;
      await scene.callAs(owner, 'rest', one.name, await one.input(owner, scene));
    }
    await hide(scene, person);
    const dump = await scene.dump();
    hidden = withDependants(scene, dump, person, hiddenFrom(scene, dump, person));
    titles = (dump['tasks'] ?? []).filter(({ id }) => hidden.has(String(id))).map((row) => String(row['title']));
  });

  it('has many hidden rows to look for', () => {
    expect(hidden.size).toBeGreaterThan(10);
  });

  it('loses a file with its task, also by a link, and is told nothing more about it', async () => {
    const title = `Lost ${randomUUID()}`;
    const { id: taskId } = await person.do('tasks.create', { title, assigneeIds: [person.userId] });
    const { id, downloadUrl } = await person.do('attachments.upload', { taskId });
    const { userId, organization } = person;
    const told = { userId, organizationId: organization.id, actorId: organization.people.owner.userId, taskId };
    await addNotification(scene.platform, told);
    const token = new URL(downloadUrl).searchParams.get('token') ?? '';
    const seen = async () => ({
      file: (await scene.callAs(person, 'rest', 'attachments.download', { id })).status,
      link: (await scene.call('rest', 'attachments.downloadByLink', { id, token })).status,
      told: (await scene.callAs(person, 'rest', 'notifications.list', { task: [taskId] })).text.includes(title),
    });
    expect(await seen()).toEqual({ file: 200, link: 200, told: true });
    await lose(scene, person, taskId);
    expect(await seen()).toEqual({ file: 404, link: 404, told: false });
  });

  const allowed = casesWhere(({ permission }) => permission !== null);

  const mayRead = ({ type, permission }: Operation) =>
    type === 'query' && builtInRoles[role].permissions.some((one) => one === permission);

  it.each(casesWhere(mayRead))('sees nothing else in %s, whatever is asked', async (name, one) => {
    const counted = 'total' in one.operation.input.shape ? { total: true, limit: 100 } : {};
    const base = { ...onlyRequired(one.operation, await one.input(person, scene)), ...counted };
    const variants: Fields[] = [base];
    for (const field of fieldsOf(one.operation))
      for (const value of valuesFor(field, [...hidden], 'count')) variants.push({ ...base, [field.name]: value });
    // What the schema refuses shows nothing.
    const accepted = variants.filter((input) => one.operation.input.safeParse(input).success);
    expect(accepted.length).toBeGreaterThan(0);
    for (const input of accepted)
      for (const surface of surfacesOf(one.operation)) {
        const { text, data, status } = await scene.callAs(person, surface, name, input);
        // Some lists show their trash only to those who may empty it.
        const isRefused = input !== base && status === 403;
        expect(isRefused ? 200 : status, `${surface} ${JSON.stringify(input)} ${text}`).toBe(200);
        for (const secret of [...hidden, ...titles])
          expect(text.includes(secret), `${surface} ${JSON.stringify(input)} shows ${secret}`).toBe(false);
        if (!isRefused) expectHonestTotal(data);
      }
  });

  const withIds = allowed.flatMap(([name, one]) =>
    fieldsOf(one.operation)
      .filter(namesById)
      .map((field) => [name, field.name, one] as const),
  );

  /** Inputs whose field names something hidden, and something missing. Null when the field cannot name anything hidden. */
  async function naming(one: Case, field: string) {
    if (one.operation.permission === null || !person.can(one.operation.permission)) return null;
    const theirs = (await one.input(scene.acme.people.owner, scene))[field];
    await hide(scene, person);
    const dump = await scene.dump();
    const secrets = withDependants(scene, dump, person, hiddenFrom(scene, dump, person));
    if (![theirs].flat().some((id) => secrets.has(String(id)))) return null;
    const input = await one.input(person, scene);
    // Filters of a query narrow each other, so this one is sent alone. A mutation makes its changes together, so all are sent.
    const own = one.operation.type === 'query' ? onlyRequired(one.operation, input, field) : input;
    return { hidden: { ...own, [field]: theirs }, missing: { ...own, [field]: missingIds(theirs) } };
  }

  it.each(withIds)('cannot tell hidden rows from missing ones by %s in %s', async (name, field, one) => {
    const inputs = await naming(one, field);
    if (!inputs) return;
    for (const surface of surfacesOf(one.operation)) {
      const first = await scene.callAs(person, surface, name, inputs.hidden);
      const second = await scene.callAs(person, surface, name, inputs.missing);
      expect(learned(first)).toEqual(learned(second));
    }
  });

  it.each(withIds)('cannot change hidden rows by %s in %s', async (name, field, one) => {
    const inputs = await naming(one, field);
    if (!inputs) return;
    const before = await scene.fingerprints();
    for (const surface of surfacesOf(one.operation)) await scene.callAs(person, surface, name, inputs.hidden);
    expect(changedTables(before, await scene.fingerprints())).toEqual([]);
  });
});
