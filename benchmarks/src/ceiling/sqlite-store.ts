import { activityPage } from './activity.ts';
import { type EventRow, taskChanged, taskCreated } from './event.ts';
import { type Status, statuses, type Task, type TaskRow } from './fields.ts';
import { figuresOf, weekBefore } from './figures.ts';
import { bytesOf, idOf } from './ids.ts';
import { searchWords } from './search.ts';
import { eventOf, linkOf, nameOf, openFile, prepareAll, referenceOf, taskRow } from './sqlite-statements.ts';
import { allFound, type Caller, newLinks, newRow, type NewTask, type Store, withHours, withStatus } from './store.ts';
import { assemble, cut, pointedAt, projectIdsOf } from './task.ts';

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
    const projectIds = projectIdsOf(rows);
    const keys = projectIds.length === 0 ? [] : statements.projectKeys.all(JSON.stringify(projectIds), organization);
    return assemble(viewerId, rows, links, names.map(nameOf), new Map(keys.map(([id, key]) => [idOf(id), key])));
  };

  const pageOf = ({ organizationId, userId }: Caller, raw: readonly unknown[][], limit: number) => {
    const { shown, nextCursor } = cut(raw.map(taskRow), limit);
    return { data: tasksOf(bytesOf(organizationId), userId, shown), nextCursor };
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
      record(organization, user, requestId, id, now, taskChanged(now, before, after, 'status'));
    }
    return tasksOf(organization, caller.userId, [after])[0] ?? null;
  });

  const setHours = database.transaction((caller: Caller, requestId: string, ids: readonly string[], hours: number) => {
    const [organization, user] = [bytesOf(caller.organizationId), bytesOf(caller.userId)];
    const now = new Date();
    const rows: TaskRow[] = [];
    for (const taskId of ids) {
      const id = bytesOf(taskId);
      const raw = statements.get.get(organization, id);
      if (!raw) return null;
      const before = taskRow(raw);
      const after = before.estimatedHours === hours ? before : withHours(before, hours, caller, now);
      rows.push(after);
      if (after === before) continue;
      statements.setHours.run(Math.round(hours * 100), after.version, now.getTime(), user, organization, id);
      record(organization, user, requestId, id, now, taskChanged(now, before, after, 'estimatedHours'));
    }
    return tasksOf(organization, caller.userId, rows);
  });

  return {
    async organizationOf(userId) {
      const found = statements.organization.get(bytesOf(userId));
      return found === undefined ? null : idOf(found);
    },
    async list(caller, status, limit) {
      const organization = bytesOf(caller.organizationId);
      return pageOf(caller, statements.list.all(organization, statuses.indexOf(status), limit + 1), limit);
    },
    async get({ organizationId, userId }, id) {
      const organization = bytesOf(organizationId);
      const raw = statements.get.get(organization, bytesOf(id));
      return raw ? (tasksOf(organization, userId, [taskRow(raw)])[0] ?? null) : null;
    },
    // Immediate, so that nobody else can write between the reads and the writes of a transaction.
    create: async (...request) => create.immediate(...request),
    setStatus: async (...request) => setStatus.immediate(...request),
    async search(caller, word, limit) {
      const organization = bytesOf(caller.organizationId);
      const query = `"_${organization.toString('hex').toUpperCase()}" AND "${word}" *`;
      return pageOf(caller, statements.search.all(` ${word}`, query, limit + 1, organization), limit);
    },
    async board(caller, projectId, status, limit) {
      const [organization, project] = [bytesOf(caller.organizationId), bytesOf(projectId)];
      return pageOf(caller, statements.board.all(organization, project, statuses.indexOf(status), limit + 1), limit);
    },
    async activity({ organizationId }, before, limit) {
      const events = statements.activity.all(bytesOf(organizationId), Date.parse(before), limit + 1);
      return activityPage(events.map(eventOf), limit);
    },
    async figures({ organizationId }, createdBefore) {
      const now = new Date();
      const [week, until] = [weekBefore(now).getTime(), Date.parse(createdBefore)];
      return figuresOf(statements.figures.get(now.getTime(), week, bytesOf(organizationId), until) ?? []);
    },
    setHours: async (...request) => setHours.immediate(...request),
  };
}
