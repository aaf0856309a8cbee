import type { ServiceContext } from '../../database/context.ts';
import { errors } from '../../kernel/errors.ts';
import { type Outcomes, type Refusal, Rows } from '../../kernel/rows.ts';
import type { Task, TaskBulkCreate, TaskBulkUpdate } from './task.schema.ts';
import { createTasks, updateTasks } from './task.service.ts';

/** What became of one task of a bulk: the task, or why it was refused. */
export interface TaskOutcome {
  /** The position in the call. */
  index: number;
  /** Null when it was to be created, and was refused. */
  id: string | null;
  task: Task | null;
  refusal: Refusal | null;
}

const outcomesOf = (outcomes: Outcomes<Task>, ids: readonly string[] = []): TaskOutcome[] =>
  outcomes.map((outcome, index) =>
    'value' in outcome
      ? { index, id: outcome.value.id, task: outcome.value, refusal: null }
      : { index, id: ids[index] ?? null, task: null, refusal: outcome.refusal },
  );

/**
 * Creates up to 500 tasks in one transaction, by the rules of `createTask`.
 * @throws what `createTask` throws, unless the mode is `perItem`. It names the refused rows
 */
export function bulkCreateTasks(ctx: ServiceContext, { items, mode }: TaskBulkCreate): Promise<TaskOutcome[]> {
  const at = (index: number) => ['items', index];
  const rows = Rows.many(items, { mode, rowAt: at, fieldsAt: at });
  return createTasks(ctx, rows, (created) => outcomesOf(created.outcomes()));
}

/**
 * Changes up to 500 tasks in one transaction, by the rules of `updateTask`: all in the same way, or each in its own.
 * @throws what `updateTask` throws, unless the mode is `perItem`. It names the refused rows
 */
export function bulkUpdateTasks(ctx: ServiceContext, input: TaskBulkUpdate): Promise<TaskOutcome[]> {
  const { ids = [], changes, items, mode } = input;
  const updates = items ?? ids.map((id) => ({ ...changes, id }));
  const rowAt = (index: number) => [items ? 'items' : 'ids', index];
  // A key and an id may name the same task.
  const firstAt = new Map(updates.map(({ id }, index) => [id, index] as const).toReversed());
  const twice = updates.findIndex(({ id }, index) => firstAt.get(id) !== index);
  if (twice >= 0) throw errors.validation_failed({ field: rowAt(twice), message: 'Must not name the same one twice.' });
  const rows = Rows.many(updates, { mode, rowAt, fieldsAt: items ? rowAt : () => ['changes'] });
  return updateTasks(ctx, rows, (updated) =>
    outcomesOf(
      updated.outcomes(),
      updates.map(({ id }) => id),
    ),
  );
}
