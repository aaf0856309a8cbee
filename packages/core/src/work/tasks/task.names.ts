import { sql } from 'kysely';
import type { ServiceContext } from '../../database/context.ts';
import type { Database } from '../../database/database.ts';
import type { Dialect } from '../../database/engine.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { RowCache } from '../../database/row-cache.ts';
import { anyOf } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { cacheAgeMs, UserEntity } from '../../identity/index.ts';
import type { Person } from '../../kernel/schemas.ts';
import { MembershipEntity } from '../../tenancy/index.ts';
import { ProjectEntity } from '../projects/project.entity.ts';
import { TagEntity } from '../tags/tag.entity.ts';
import type { Task } from './task.schema.ts';

type Tag = Task['tags'][number];

/** The name of a person or a tag, or the key of a project. */
export interface NameRow {
  kind: 'person' | 'tag' | 'project';
  id: string;
  /** The user name of a person, the key of a project. */
  name: string | null;
  /** The full name of a person, the color of a tag. */
  detail: string | null;
}

export const kindOf = <Kind extends string>(kind: Kind) => sql<Kind>`${sql.lit(kind)}`.as('kind');
const personColumns = ['users.id', 'users.username as name', 'users.full_name as detail'] as const;
const tagColumns = ['tags.id', 'tags.name', 'tags.color as detail'] as const;

interface NameValues extends Readonly<Record<string, unknown>> {
  tagIds: readonly string[];
  personIds: readonly string[];
  projectIds: readonly string[];
}

/**
 * Selects the keys of projects. A task shows its key to everybody who sees it, whether they may read projects or not. Raw SQL passes by
 * the first wall, so it names the organization.
 */
const projectKeys = (dialect: Dialect, projectIds: readonly string[]) =>
  sql<{ id: string; key: string }>`(select id, key from projects
    where organization_id = ${asId(current.organization)} and ${anyOf(dialect, 'id', projectIds)})`.as('named');

const nameRows = statement<NameValues, NameRow>((db, { tagIds, personIds, projectIds }, dialect) =>
  db
    .selectFrom('users')
    .select([kindOf<NameRow['kind']>('person'), ...personColumns])
    .where(anyOf(dialect, 'users.id', personIds))
    .unionAll(
      db
        .selectFrom('tags')
        .select([kindOf('tag'), ...tagColumns])
        .where(anyOf(dialect, 'tags.id', tagIds)),
    )
    .unionAll(
      db
        .selectFrom(projectKeys(dialect, projectIds))
        .select([kindOf('project'), 'named.id', 'named.key as name', sql<string | null>`null`.as('detail')]),
    ),
);

/** The people, the tags and the keys of projects among some rows. The tags are in the order of their names. */
export function namesOf(rows: readonly NameRow[]) {
  const people = new Map<string, Person>();
  const tags: Tag[] = [];
  const projectKeys = new Map<string, string>();
  for (const { kind, id, name, detail } of rows)
    if (kind === 'tag') tags.push({ id, name: name ?? '', color: detail ?? '' });
    else if (kind === 'project') projectKeys.set(id, name ?? '');
    else people.set(id, { id, username: name, fullName: detail });
  return { people, tags: tags.sort(byName), projectKeys };
}

export const byName = (a: Tag, b: Tag): number => (a.name < b.name ? -1 : 1);

/** A person whose name the organization does not see. */
const unnamed = (id: string): Person => ({ id, username: null, fullName: null });

/** The ids of each task as a list of its own, so that callers need not join them. A page has many ids and few names. */
type Lists = readonly (readonly string[])[];

/** The ids that have no name yet, each once. Usually all have one, so nothing is made for that case. */
function idsWithout(names: ReadonlyMap<string, unknown>, lists: readonly (readonly (string | null)[])[]): string[] {
  let missing: Set<string> | null = null;
  for (const ids of lists)
    for (const id of ids) if (id !== null && !names.has(id)) missing = (missing ?? new Set<string>()).add(id);
  return missing === null ? [] : [...missing];
}

/** The names of people and tags in one organization that were asked for, and the keys of projects. */
export class Names {
  people = new Map<string, Person>();
  tags = new Map<string, Tag>();
  projectKeys = new Map<string, string>();
  /** Whether the maps belong to other names, which must not change. */
  #borrowed = false;
  /** The people whose names are known, or are being read. */
  #asked = new Set<string>();

  /** The ids of the people whose change makes these names old. Somebody may be reading a name that is not among them yet. */
  get personIds(): readonly string[] {
    return [...this.#asked];
  }

  /** How many names are known, or are being read. */
  get size(): number {
    return this.#asked.size + this.tags.size + this.projectKeys.size;
  }

  /** Returns names that begin with the same content. What is loaded into them is not added to these until `learn`. */
  apart(): Names {
    const names = new Names();
    names.people = this.people;
    names.tags = this.tags;
    names.projectKeys = this.projectKeys;
    names.#borrowed = true;
    names.#asked = this.#asked;
    return names;
  }

  /** Adds the names that were loaded into the result of `apart`. */
  learn({ people, tags, projectKeys }: Names): void {
    if (people === this.people) return;
    for (const [id, key] of projectKeys) this.projectKeys.set(id, key);
    for (const [id, person] of people) this.people.set(id, person);
    for (const [id, tag] of tags) this.tags.set(id, tag);
  }

  /** Reads the names that are missing, in one statement or none. */
  async load(
    db: ReadDoor,
    personIds: Lists,
    tagIds: Lists,
    projectIds: readonly (string | null)[] = [],
  ): Promise<void> {
    const missing = {
      personIds: idsWithout(this.people, personIds),
      tagIds: idsWithout(this.tags, tagIds),
      projectIds: idsWithout(this.projectKeys, [projectIds]),
    };
    if (missing.personIds.length + missing.tagIds.length + missing.projectIds.length === 0) return;
    for (const id of missing.personIds) this.#asked.add(id);
    const { people, tags, projectKeys } = namesOf(await db.run(nameRows, missing));
    if (this.#borrowed) {
      this.people = new Map(this.people);
      this.tags = new Map(this.tags);
      this.projectKeys = new Map(this.projectKeys);
      this.#borrowed = false;
    }
    for (const id of missing.personIds) this.people.set(id, people.get(id) ?? unnamed(id));
    for (const tag of tags) this.tags.set(tag.id, tag);
    for (const [id, key] of projectKeys) this.projectKeys.set(id, key);
  }
}

/** How many names of one organization are kept, and of how many organizations. Together they take at most about 60 MB. */
const mostNames = 500;
const mostOrganizations = 500;

/** Reads some names again. The wall of an organization shows the same names to each of its members. */
async function reread(
  database: Database,
  organizationId: string,
  { people, tags, projectKeys }: Names,
): Promise<Names> {
  const names = new Names();
  const scope = { door: 'request', principal: null, organizationId, userId: null } as const;
  await database.read(scope, (db) => names.load(db, [[...people.keys()]], [[...tags.keys()]], [...projectKeys.keys()]));
  return names;
}

/** Names by the id of the organization. */
export const nameCache = new RowCache(cacheAgeMs, async () => new Names(), { most: mostOrganizations, reread })
  .readFrom(UserEntity, { id: ({ personIds }) => personIds }, ['username', 'fullName'])
  .readFrom(MembershipEntity, { organizationId: 'key' }, ['userId'])
  .readFrom(TagEntity, { organizationId: 'key' }, ['name', 'color'])
  .readFrom(ProjectEntity, { organizationId: 'key' }, ['key']);

/**
 * Returns the names that this process knows in the caller's organization, at most 3 seconds old. Call it before the first statement of a
 * read: then what the read loads into them is never older than a change that this process has made since.
 */
export async function namesIn({ database, principal, clock }: ServiceContext): Promise<Names> {
  const key = principal?.organizationId ?? null;
  if (key === null) return new Names();
  const names = (await nameCache.get(database, key, clock.now())) ?? new Names();
  if (names.size > mostNames) nameCache.forget(database, key);
  return names;
}

/** The same for a write unit. What it loads is shared only when it commits, because it may read what is never committed. */
export async function namesForUnit(unit: Unit): Promise<Names> {
  const known = await namesIn(unit.ctx);
  const names = known.apart();
  unit.afterCommit(() => known.learn(names));
  return names;
}
