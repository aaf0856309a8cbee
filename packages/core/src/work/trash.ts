import { sql } from 'kysely';
import type { Unit } from '../database/unit-of-work.ts';
import { stepRows } from '../jobs/index.ts';

const trashMs = 30 * 86_400_000;

/** Since when things have been in the trash that can still be restored. Older ones are purged within the hour. */
export const keptSince = (now: Date): Date => new Date(now.getTime() - trashMs);

/**
 * Selects the keys of some rows of a table that have been in the trash for 30 days, in every organization, to purge them. The unit must be
 * behind the system door.
 * @param taskColumn the column of tasks that refers to such a row. While a task does, the row is left out. @default none
 */
export function expiredKeys(
  { db, now }: Unit,
  table: 'tasks' | 'projects' | 'comments' | 'attachments',
  taskColumn?: 'parent_id' | 'project_id',
) {
  const referring = db
    .selectFrom('tasks as other')
    .select('other.id')
    .whereRef('other.organization_id', '=', sql.ref(`${table}.organization_id`))
    .whereRef(`other.${taskColumn ?? 'parent_id'}`, '=', sql.ref(`${table}.id`));
  const old = db
    .selectFrom(table)
    .select([`${table}.organization_id`, `${table}.id`])
    .where(sql<boolean>`${sql.ref(`${table}.deleted_at`)} <= ${keptSince(now)}`)
    .$if(taskColumn !== undefined, (rows) => rows.where((of) => of.not(of.exists(referring))))
    .limit(stepRows);
  // Whoever has locked a row may be restoring it.
  const free = db.dialect === 'postgresql' ? old.forUpdate(table).skipLocked() : old;
  return free.$asTuple('organization_id', 'id');
}
