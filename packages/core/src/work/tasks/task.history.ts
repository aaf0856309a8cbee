import { sql } from 'kysely';
import { z } from 'zod';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, type PageOrder, pageRequest, readPage } from '../../database/paging.ts';
import { read } from '../../database/read-door.ts';
import { instantOut, output, page, type Page, pageInput, Person } from '../../kernel/schemas.ts';
import { requireTask } from './task.queries.ts';
import { taskRef, taskStatuses } from './task.schema.ts';

export const TaskHistoryInput = z.strictObject({ id: taskRef(), ...pageInput });
export type TaskHistoryInput = z.output<typeof TaskHistoryInput>;

const status = () => z.enum(taskStatuses).nullable();

export const TaskHistoryEntry = output('TaskHistoryEntry', {
  id: z.uuid().describe('That of the event.'),
  action: z.string().describe('What was done, such as `created`, `updated` or `deleted`; more will come.'),
  fromStatus: status().describe('Null unless the status changed.'),
  toStatus: status().describe('Null unless the status changed.'),
  actor: Person.nullable().describe('Null is the system.'),
  at: instantOut().describe('When it happened.'),
});
export type TaskHistoryEntry = z.output<typeof TaskHistoryEntry>;

export const TaskHistoryPage = page(TaskHistoryEntry, 'TaskHistoryPage');

const statusOrNull = status().catch(null);

const eventId = sql.ref('events.id');
const newestFirst: PageOrder = { by: eventId, descending: true, id: eventId };

/**
 * What was done with a task itself, newest first, and how its status changed (D9).
 * @throws `task_not_found`
 */
export async function listTaskHistory(ctx: ServiceContext, input: TaskHistoryInput): Promise<Page<TaskHistoryEntry>> {
  authorize(ctx, 'task:read');
  authorize(ctx, 'activity:read');
  const request = pageRequest(ctx, `history of task ${input.id}`, '-id', input);
  return read(ctx, async (db) => {
    await requireTask(db, input.id);
    const events = db.selectFrom('events').where('events.entity_id', '=', input.id);
    const columns = events
      .leftJoin('event_payloads', 'event_payloads.event_id', 'events.id')
      .leftJoin('users', 'users.id', 'events.actor_id')
      .select([
        'events.id',
        'events.type',
        'events.actor_id as actorId',
        'events.at',
        'event_payloads.payload',
        'users.username',
        'users.full_name as fullName',
      ]);
    const { rows, nextCursor } = await readPage(columns, newestFirst, request);
    const data = rows.map(({ id: eventId, type, actorId, at, payload, username, fullName }) => {
      // A payload that had to be forgotten leaves the event.
      const changed = payload?.changes['status'];
      return {
        id: eventId,
        action: type.slice(type.indexOf('.') + 1),
        fromStatus: statusOrNull.parse(changed?.from ?? null),
        toStatus: statusOrNull.parse(changed?.to ?? null),
        actor: actorId === null ? null : { id: actorId, username, fullName },
        at,
      };
    });
    return { data, nextCursor, ...(input.total ? { total: await countOf(events) } : {}) };
  });
}
