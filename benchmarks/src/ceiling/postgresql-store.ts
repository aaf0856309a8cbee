import pg from 'pg';
import { activityPage } from './activity.ts';
import { type EventRow, taskChanged, taskCreated } from './event.ts';
import {
  eventOf,
  linkOf,
  namedLinksOf,
  nameOf,
  referenceOf,
  statements,
  taskRow,
  types,
} from './postgresql-statements.ts';
import { statuses, type Task, type TaskRow } from './fields.ts';
import { figuresOf, weekBefore } from './figures.ts';
import { searchWords } from './search.ts';
import { allFound, type Caller, newLinks, newRow, type Store, withHours, withStatus } from './store.ts';
import { assemble, cut, pointedAt, projectIdsOf } from './task.ts';

type Client = Pick<pg.PoolClient, 'query'>;

async function tasksOf(client: Client, { organizationId, userId }: Caller, rows: readonly TaskRow[]): Promise<Task[]> {
  const ids = rows.map((row) => row.id);
  const links = (await statements.links(client, organizationId, ids)).map(linkOf);
  const { tagIds, userIds } = pointedAt(rows, links);
  const [names, keys] = await Promise.all([
    statements.names(client, organizationId, tagIds, userIds),
    projectKeysOf(client, organizationId, rows),
  ]);
  return assemble(userId, rows, links, names.map(nameOf), keys);
}

async function projectKeysOf(client: Client, organizationId: string, rows: readonly TaskRow[]) {
  const ids = projectIdsOf(rows);
  return new Map(ids.length === 0 ? [] : await statements.projectKeys(client, organizationId, ids));
}

async function pageOf(client: Client, caller: Caller, raw: readonly unknown[][], limit: number) {
  const { shown, nextCursor } = cut(raw.map(taskRow), limit);
  return { data: await tasksOf(client, caller, shown), nextCursor };
}

async function taskOf(client: Client, { organizationId, userId }: Caller, row: TaskRow): Promise<Task | null> {
  const people = [row.createdById, row.updatedById];
  const [raw, keys] = await Promise.all([
    statements.linksOfOne(client, organizationId, row.id, people),
    projectKeysOf(client, organizationId, [row]),
  ]);
  const { links, names } = namedLinksOf(row.id, raw);
  return assemble(userId, [row], links, names, keys)[0] ?? null;
}

const record = (
  client: Client,
  { organizationId, userId }: Caller,
  requestId: string,
  taskId: string,
  now: Date,
  { id, type, payloadHash, salt, payload }: EventRow,
) => [
  statements.insertEvent(client, id, organizationId, type, userId, taskId, requestId, payloadHash, now),
  statements.insertPayload(client, id, organizationId, salt, payload),
];

/**
 * Opens PostgreSQL for the fastest use by one process: with named statements, and with statements sent together if none needs the
 * answer of another.
 */
export function openPostgresStore(url: string): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    options: '-c timezone=UTC -c plan_cache_mode=force_generic_plan',
    types,
    pipeline: true,
  });

  /** The statements that `work` adds to `sent` are sent together with `commit`, which rolls back if one of them has failed. */
  async function transaction<T>(
    work: (client: Client, sent: Promise<unknown>[]) => Promise<() => T | Promise<T>>,
  ): Promise<T> {
    const client = await pool.connect();
    const sent: Promise<unknown>[] = [client.query('begin')];
    try {
      const answer = await work(client, sent);
      sent.push(client.query('commit'));
      await Promise.all(sent);
      return await answer();
    } catch (error) {
      await Promise.allSettled([...sent, client.query('rollback')]);
      throw error;
    } finally {
      client.release();
    }
  }

  return {
    organizationOf: async (userId) => (await statements.organization(pool, userId))[0]?.[0] ?? null,
    async list(caller, status, limit) {
      const raw = await statements.list(pool, caller.organizationId, statuses.indexOf(status), limit + 1);
      return pageOf(pool, caller, raw, limit);
    },
    async get(caller, id) {
      const { organizationId } = caller;
      const [raw] = await statements.get(pool, organizationId, id);
      return raw ? taskOf(pool, caller, taskRow(raw)) : null;
    },
    create: (caller, requestId, input) =>
      transaction(async (client, sent) => {
        const { organizationId, userId } = caller;
        const { assigneeIds, tagIds } = input;
        const people = [...new Set([...assigneeIds, userId])];
        const [found, [counted]] = await Promise.all([
          statements.references(client, organizationId, people, tagIds),
          statements.nextNumber(client, organizationId),
        ]);
        const references = found.map(referenceOf);
        if (!allFound(input, references)) throw new Error('Not found.');
        const now = new Date();
        const row = newRow(caller, input, now);
        const { id, title } = row;
        row.number = counted?.[0] ?? 0;
        sent.push(
          statements.insertTask(client, organizationId, id, row.number, title, title.toLowerCase(), now, userId),
          statements.insertAssignees(client, organizationId, id, assigneeIds, now),
          statements.insertTags(client, organizationId, id, tagIds, now),
          statements.insertSearch(client, organizationId, id, searchWords(title)),
          ...record(client, caller, requestId, id, now, taskCreated(now, input)),
        );
        return () => assemble(userId, [row], newLinks(id, input), references)[0] ?? null;
      }),
    setStatus: (caller, requestId, id, status) =>
      transaction(async (client, sent) => {
        const { organizationId, userId } = caller;
        const [raw] = await statements.lock(client, organizationId, id);
        if (!raw) return () => null;
        const now = new Date();
        const before = taskRow(raw);
        const after = before.status === status ? before : withStatus(before, status, caller, now);
        const answer = taskOf(client, caller, after);
        if (after !== before) {
          const { completedAt, version } = after;
          const rank = statuses.indexOf(status);
          sent.push(
            answer,
            statements.setStatus(client, organizationId, id, status, rank, completedAt, version, now, userId),
            ...record(client, caller, requestId, id, now, taskChanged(now, before, after, 'status')),
          );
        }
        return () => answer;
      }),
    async search(caller, word, limit) {
      const query = `'${word}':*`;
      const raw = await statements.search(pool, caller.organizationId, ` ${word}`, query, limit + 1);
      return pageOf(pool, caller, raw, limit);
    },
    async board(caller, projectId, status, limit) {
      const { organizationId } = caller;
      const raw = await statements.board(pool, organizationId, projectId, statuses.indexOf(status), limit + 1);
      return pageOf(pool, caller, raw, limit);
    },
    activity: async ({ organizationId }, before, limit) =>
      activityPage((await statements.activity(pool, organizationId, before, limit + 1)).map(eventOf), limit),
    async figures({ organizationId }, createdBefore) {
      const now = new Date();
      const [row] = await statements.figures(pool, organizationId, createdBefore, now, weekBefore(now));
      return figuresOf(row ?? []);
    },
    setHours: (caller, requestId, ids, hours) =>
      transaction(async (client, sent) => {
        const { organizationId, userId } = caller;
        const locked = new Map(
          (await statements.lockMany(client, organizationId, ids)).map(taskRow).map((row) => [row.id, row]),
        );
        if (locked.size < ids.length) return () => null;
        const now = new Date();
        const changed = [...locked.values()]
          .filter((row) => row.estimatedHours !== hours)
          .map((before) => {
            const after = withHours(before, hours, caller, now);
            locked.set(after.id, after);
            return { id: after.id, event: taskChanged(now, before, after, 'estimatedHours') };
          });
        const taskIds = changed.map(({ id }) => id);
        const events = changed.map(({ event }) => event);
        const answer = tasksOf(
          client,
          caller,
          ids.flatMap((id) => locked.get(id) ?? []),
        );
        const eventIds = events.map(({ id }) => id);
        const hashes = events.map(({ payloadHash }) => payloadHash);
        const [salts, payloads] = [events.map(({ salt }) => salt), events.map(({ payload }) => payload)];
        const type = 'task.updated';
        sent.push(
          answer,
          statements.setHours(client, organizationId, taskIds, Math.round(hours * 100), now, userId),
          statements.insertEvents(client, eventIds, organizationId, type, userId, taskIds, requestId, hashes, now),
          statements.insertPayloads(client, eventIds, organizationId, salts, payloads),
        );
        return () => answer;
      }),
  };
}
