import { type RawBuilder, sql } from 'kysely';
import type { Door } from '../../database/door.ts';
import type { Dialect } from '../../database/engine.ts';
import { anyOf } from '../../database/sql.ts';
import { current, statement, statementFamily } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';

interface Subtree extends Readonly<Record<string, unknown>> {
  id: string;
  limit: number;
}

/**
 * The tasks below another one, as far as a limit. Raw SQL passes by the first wall, so each part names the organization. Either
 * database would otherwise join all tasks of the organization to each level.
 */
function below({ id, limit }: Subtree, dialect: Dialect, living: boolean) {
  // Before PostgreSQL knows the table, it takes an index of all living tasks for as good as the one of children.
  const isLiving = dialect === 'sqlite' ? sql`task.deleted_at is null` : sql`(task.deleted_at is null) is true`;
  const match = living ? sql`and ${isLiving}` : sql``;
  const childrenOf = (parent: RawBuilder<unknown>) =>
    sql`tasks task where task.organization_id = ${asId(current.organization)} and task.parent_id = ${parent} ${match}`;
  const next = childrenOf(sql`below.id`);
  return sql`(
    with recursive below(id) as (
      select task.id from ${childrenOf(sql`${asId(id)}`)}
      union all
      select task.id from below cross join
        ${dialect === 'sqlite' ? next : sql`lateral (select task.id from ${next} offset 0) task`}
    )
    select id from below limit ${limit}
  ) as found`;
}

const idsBelowTask = statementFamily<{ living: boolean }, Subtree, { id: string }>(
  (db, values, dialect, { living }) => {
    const query = sql<{ id: string }>`select id from ${below(values, dialect, living)}`;
    return { compile: () => query.compile(db) };
  },
);

const countBelowTask = statementFamily<{ living: boolean }, Subtree, { count: number }>(
  (db, values, dialect, { living }) => {
    const query = sql<{
      count: number;
    }>`select cast(count(*) as integer) as count from ${below(values, dialect, living)}`;
    return { compile: () => query.compile(db) };
  },
);

/** The ids of at most `limit` tasks below another one: of the living ones that hang together with it, or of all. */
export async function idsBelow(db: Door, values: Subtree, living: boolean): Promise<string[]> {
  return (await db.run(idsBelowTask({ living }), values)).map(({ id }) => id);
}

/** The largest number of rows that is counted. Counting them takes a few milliseconds. */
export const mostCounted = 25_000;

/** How many tasks are below another one. Null when there are too many to count. */
export async function countBelow(db: Door, id: string, living: boolean): Promise<number | null> {
  const [row] = await db.run(countBelowTask({ living }), { id, limit: mostCounted + 1 });
  return countOf(row);
}

/** A number of rows that was counted as far as `mostCounted`. */
export const countOf = (row: { count: number } | undefined): number | null =>
  row === undefined || row.count > mostCounted ? null : row.count;

interface Children extends Readonly<Record<string, unknown>> {
  parentIds: readonly string[];
  limit: number;
}

const childIds = statementFamily<{ living: boolean }, Children, { id: string }>(
  (db, { parentIds, limit }, dialect, { living }) => {
    const children = db
      .selectFrom('tasks')
      .select('tasks.id')
      .where(anyOf(dialect, 'tasks.parent_id', parentIds));
    return (living ? children.where('tasks.deleted_at', 'is', null) : children).limit(sql<number>`${limit}`);
  },
);

/** The ids of some children of some tasks. */
export async function childrenOf(db: Door, values: Children, living: boolean): Promise<string[]> {
  return (await db.run(childIds({ living }), values)).map(({ id }) => id);
}

const parentIds = statement((db, { ids }: { ids: readonly string[] }, dialect) =>
  db
    .selectFrom('tasks')
    .select('tasks.parent_id as parentId')
    .distinct()
    .where(anyOf(dialect, 'tasks.parent_id', ids)),
);

/** The ids among these of the tasks that have children, in the trash or not. */
export async function parentsAmong(db: Door, ids: readonly string[]): Promise<Set<string | null>> {
  return new Set((await db.run(parentIds, { ids })).map(({ parentId }) => parentId));
}

interface Trashed extends Readonly<Record<string, unknown>> {
  trashId: string;
  after: string;
  limit: number;
}

const trashedIds = statement((db, { trashId, after, limit }: Trashed) =>
  db
    .selectFrom('tasks')
    .select('tasks.id')
    .where('tasks.trash_id', '=', trashId)
    .where('tasks.id', '>', after)
    .orderBy('tasks.id')
    .limit(sql<number>`${limit}`),
);

/** The ids of the next tasks that were trashed together. */
export async function trashedTogether(db: Door, values: Trashed): Promise<string[]> {
  return (await db.run(trashedIds, values)).map(({ id }) => id);
}

const trashedCount = statement((db, { trashId }: { trashId: string }) =>
  db
    .selectFrom(
      db
        .selectFrom('tasks')
        .select('tasks.id')
        .where('tasks.trash_id', '=', trashId)
        .limit(mostCounted + 1)
        .as('found'),
    )
    .select(sql<number>`cast(count(*) as integer)`.as('count')),
);

/** How many tasks are in the trash that were trashed together. Null when there are too many to count. */
export async function countTrashedTogether(db: Door, trashId: string): Promise<number | null> {
  return countOf((await db.run(trashedCount, { trashId }))[0]);
}

const parentRows = statement<{ ids: readonly string[] }, { id: string; parentId: string | null }>(
  (db, { ids }, dialect) => {
    const inOrganization = sql`task.organization_id = ${asId(current.organization)}`;
    const query = sql<{ id: string; parentId: string | null }>`
      with recursive above(id, parent_id) as (
        select task.id, task.parent_id from tasks task where ${inOrganization} and ${anyOf(dialect, 'task.id', ids)}
        union
        select task.id, task.parent_id from above cross join tasks task where ${inOrganization} and task.id = above.parent_id
      )
      select id, parent_id as ${sql.ref('parentId')} from above`;
    return { compile: () => query.compile(db) };
  },
);

/** The parents of some tasks and of all tasks above them, by task. Raw SQL passes by the first wall, so each part names the organization. */
export async function parentsAbove(db: Door, ids: readonly string[]): Promise<Map<string, string | null>> {
  return new Map((await db.run(parentRows, { ids })).map(({ id, parentId }) => [id, parentId]));
}
