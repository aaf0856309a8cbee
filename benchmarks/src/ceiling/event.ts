import { createHash } from 'node:crypto';
import type { TaskRow } from './fields.ts';
import { randomBytes, uuidv7 } from './ids.ts';
import type { NewTask } from './store.ts';

export interface EventRow {
  id: string;
  type: 'task.created' | 'task.updated';
  payload: string;
  payloadHash: string;
  salt: string;
}

/** Makes an event. The members of the payload must be sorted, so that its JSON is canonical. */
function event(type: EventRow['type'], now: Date, payload: object): EventRow {
  const text = JSON.stringify(payload);
  const salt = randomBytes(16);
  return {
    id: uuidv7(now.getTime()),
    type,
    payload: text,
    payloadHash: createHash('sha256').update(salt).update(text).digest('base64url'),
    salt: salt.toString('base64url'),
  };
}

const become = (to: unknown): object => ({ from: null, to });

export const taskCreated = (now: Date, { title, assigneeIds, tagIds }: NewTask): EventRow =>
  event('task.created', now, {
    changes: {
      assigneeIds: become(assigneeIds),
      priority: become('medium'),
      status: become('todo'),
      tagIds: become([...tagIds].sort()),
      title: become(title),
    },
    data: { title, version: 1 },
  });

/** @param field the one that was changed */
export const taskChanged = (now: Date, before: TaskRow, after: TaskRow, field: 'status' | 'estimatedHours'): EventRow =>
  event('task.updated', now, {
    changes: { [field]: { from: before[field], to: after[field] } },
    data: { version: after.version },
  });
