import { type EventRow, statusChanged, taskCreated } from './event.ts';
import { type Status, statuses, type Task, type TaskRow } from './fields.ts';
import { bytesOf, idOf } from './ids.ts';
import { searchWords } from './search.ts';
import { linkOf, nameOf, openFile, prepareAll, referenceOf, taskRow } from './sqlite-statements.ts';
import { allFound, type Caller, newLinks, newRow, type NewTask, type Store, withStatus } from './store.ts';
import { assemble, cut, pointedAt } from './task.ts';

const milliseconds = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));

/** Opens SQLite for the fastest use by one process: one connection, prepared statements, and no await inside a transaction. */
export function openSqliteStore(file: string): Store {
  const database = openFile(file);
  const statements = prepareAll(database);

  const tasksOf = (organization: Buffer, viewerId: string, rows: readonly TaskRow[]): Task[] => {
    const ids = JSON.stringify(rows.map((row) => row.id));
    const links = statements.links.all(ids, organization, ids, organization).map(linkOf);
    const { tagIds, userIds } = pointedAt(rows, links);
    const names = statements.names.all(JSON.stringify(tagIds), organization, JSON.stringify(userIds));
    return assemble(viewerId, rows, links, names.map(nameOf));
  };

  const record = (organization: Buffer, user: Buffer, requestId: string, task: Buffer, now: Date, event: EventRow) => {
    const { type, payloadHash, salt, payload } = event;
    const id = bytesOf(event.id);
    statements.insertEvent.run(id, organization, type, user, task, requestId, payloadHash, now.getTime());
    statements.insertPayload.run(id, organization, salt, payload);
  };

  const create = database.transaction((caller: Caller, requestId: string, input: NewTask): Task | null => {
    const [organization, user] = [bytesOf(caller.organizationId), bytesOf(caller.userId)];
    const people = JSON.stringify([...new Set([...input.assigneeIds, caller.userId])]);
    const references = statements.references
      .all(people, organization, JSON.stringify(input.tagIds), organization)
      .map(referenceOf);
    if (!allFound(input, references)) return null;
    const now = new Date();
    const at = now.getTime();
    const row = newRow(caller, input, now);
    const { title } = row;
    const id = bytesOf(row.id);
    row.number = statements.nextNumber.get(organization) ?? 0;
    statements.insertTask.run(organization, id, row.number, title, title.toLowerCase(), at, user, at, user);
    for (const [position, assignee] of input.assigneeIds.entries())
      statements.insertAssignee.run(organization, id, bytesOf(assignee), position, at);
    for (const tag of input.tagIds) statements.insertTag.run(organization, id, bytesOf(tag), at);
    statements.insertSearch.run(organization, id, searchWords(title));
    record(organization, user, requestId, id, now, taskCreated(now, input));
    return assemble(caller.userId, [row], newLinks(row.id, input), references)[0] ?? null;
  });

  const setStatus = database.transaction((caller: Caller, requestId: string, taskId: string, status: Status) => {
    const [organization, user, id] = [bytesOf(caller.organizationId), bytesOf(caller.userId), bytesOf(taskId)];
    const raw = statements.get.get(organization, id);
    if (!raw) return null;
    const now = new Date();
    const before = taskRow(raw);
    const after = before.status === status ? before : withStatus(before, status, caller, now);
    if (after !== before) {
      const { completedAt, version } = after;
      const rank = statuses.indexOf(status);
      const at = now.getTime();
      const completed = milliseconds(completedAt);
      statements.setStatus.run(status, rank, completed, version, at, user, organization, id);
      record(organization, user, requestId, id, now, statusChanged(now, before, after));
    }
    return tasksOf(organization, caller.userId, [after])[0] ?? null;
  });

  return {
    async organizationOf(userId) {
      const found = statements.organization.get(bytesOf(userId));
      return found === undefined ? null : idOf(found);
    },
    async list({ organizationId, userId }, status, limit) {
      const organization = bytesOf(organizationId);
      const rows = statements.list.all(organization, statuses.indexOf(status), limit + 1).map(taskRow);
      const { shown, nextCursor } = cut(rows, limit);
      return { data: tasksOf(organization, userId, shown), nextCursor };
    },
    async get({ organizationId, userId }, id) {
      const organization = bytesOf(organizationId);
      const raw = statements.get.get(organization, bytesOf(id));
      return raw ? (tasksOf(organization, userId, [taskRow(raw)])[0] ?? null) : null;
    },
    // Immediate, so that nobody else can write between the reads and the writes of a transaction.
    create: async (...request) => create.immediate(...request),
    setStatus: async (...request) => setStatus.immediate(...request),
  };
}
