import { type EventRow, statusChanged, taskCreated } from './event.ts';
import { type Status, statuses, type Task, type TaskRow } from './fields.ts';
import { searchWords } from './search.ts';
import { linkOf, nameOf, openFile, prepareAll, referenceOf, taskRow } from './sqlite-statements.ts';
import { allFound, type Caller, newLinks, newRow, type NewTask, type Store, withStatus } from './store.ts';
import { assemble, cut, pointedAt } from './task.ts';

const milliseconds = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));

/** Opens SQLite for the fastest use by one process: one connection, prepared statements, and no await inside a transaction. */
export function openSqliteStore(file: string): Store {
  const database = openFile(file);
  const statements = prepareAll(database);

  const tasksOf = (organizationId: string, rows: readonly TaskRow[]): Task[] => {
    const ids = JSON.stringify(rows.map((row) => row.id));
    const links = statements.links.all(ids, organizationId, ids, organizationId).map(linkOf);
    const { tagIds, userIds } = pointedAt(rows, links);
    const names = statements.names.all(JSON.stringify(tagIds), organizationId, JSON.stringify(userIds));
    return assemble(rows, links, names.map(nameOf));
  };

  const record = (
    { organizationId, userId }: Caller,
    requestId: string,
    taskId: string,
    now: Date,
    event: EventRow,
  ) => {
    const { id, type, payloadHash, salt, payload } = event;
    statements.insertEvent.run(id, organizationId, type, userId, taskId, requestId, payloadHash, now.getTime());
    statements.insertPayload.run(id, organizationId, salt, payload);
  };

  const create = database.transaction((caller: Caller, requestId: string, input: NewTask): Task | null => {
    const { organizationId, userId } = caller;
    const people = JSON.stringify([...new Set([...input.assigneeIds, userId])]);
    const references = statements.references
      .all(people, organizationId, JSON.stringify(input.tagIds), organizationId)
      .map(referenceOf);
    if (!allFound(input, references)) return null;
    const now = new Date();
    const at = now.getTime();
    const row = newRow(caller, input, now);
    const { id, title } = row;
    row.number = statements.nextNumber.get(organizationId) ?? 0;
    statements.insertTask.run(organizationId, id, row.number, title, title.toLowerCase(), at, userId, at, userId);
    input.assigneeIds.forEach((user, position) => statements.insertAssignee.run(organizationId, id, user, position));
    for (const tag of input.tagIds) statements.insertTag.run(organizationId, id, tag);
    statements.insertSearch.run(organizationId, id, searchWords(title));
    record(caller, requestId, id, now, taskCreated(now, input));
    return assemble([row], newLinks(id, input), references)[0] ?? null;
  });

  const setStatus = database.transaction((caller: Caller, requestId: string, id: string, status: Status) => {
    const { organizationId, userId } = caller;
    const raw = statements.get.get(organizationId, id);
    if (!raw) return null;
    const now = new Date();
    const before = taskRow(raw);
    const after = before.status === status ? before : withStatus(before, status, caller, now);
    if (after !== before) {
      const { completedAt, version } = after;
      const rank = statuses.indexOf(status);
      const at = now.getTime();
      const completed = milliseconds(completedAt);
      statements.setStatus.run(status, rank, completed, version, at, userId, organizationId, id);
      record(caller, requestId, id, now, statusChanged(now, before, after));
    }
    return tasksOf(organizationId, [after])[0] ?? null;
  });

  return {
    organizationOf: async (userId) => statements.organization.get(userId) ?? null,
    async list({ organizationId }, status, limit) {
      const rows = statements.list.all(organizationId, status, limit + 1).map(taskRow);
      const { shown, nextCursor } = cut(rows, limit);
      return { data: tasksOf(organizationId, shown), nextCursor };
    },
    async get({ organizationId }, id) {
      const raw = statements.get.get(organizationId, id);
      return raw ? (tasksOf(organizationId, [taskRow(raw)])[0] ?? null) : null;
    },
    // Immediate, so that nobody else can write between the reads and the writes of a transaction.
    create: async (...request) => create.immediate(...request),
    setStatus: async (...request) => setStatus.immediate(...request),
  };
}
