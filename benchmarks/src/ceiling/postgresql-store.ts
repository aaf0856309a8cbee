import pg from 'pg';
import { type EventRow, statusChanged, taskCreated } from './event.ts';
import { linkOf, namedLinksOf, nameOf, referenceOf, statements, taskRow, types } from './postgresql-statements.ts';
import { statuses, type Task, type TaskRow } from './fields.ts';
import { searchWords } from './search.ts';
import { allFound, type Caller, newLinks, newRow, type Store, withStatus } from './store.ts';
import { assemble, cut, pointedAt } from './task.ts';

type Client = Pick<pg.PoolClient, 'query'>;

async function tasksOf(client: Client, { organizationId, userId }: Caller, rows: readonly TaskRow[]): Promise<Task[]> {
  const ids = rows.map((row) => row.id);
  const links = (await statements.links(client, organizationId, ids)).map(linkOf);
  const { tagIds, userIds } = pointedAt(rows, links);
  const names = await statements.names(client, organizationId, tagIds, userIds);
  return assemble(userId, rows, links, names.map(nameOf));
}

async function taskOf(client: Client, { organizationId, userId }: Caller, row: TaskRow): Promise<Task | null> {
  const people = [row.createdById, row.updatedById];
  const { links, names } = namedLinksOf(row.id, await statements.linksOfOne(client, organizationId, row.id, people));
  return assemble(userId, [row], links, names)[0] ?? null;
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
      const { organizationId } = caller;
      const rows = (await statements.list(pool, organizationId, statuses.indexOf(status), limit + 1)).map(taskRow);
      const { shown, nextCursor } = cut(rows, limit);
      return { data: await tasksOf(pool, caller, shown), nextCursor };
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
            ...record(client, caller, requestId, id, now, statusChanged(now, before, after)),
          );
        }
        return () => answer;
      }),
  };
}
