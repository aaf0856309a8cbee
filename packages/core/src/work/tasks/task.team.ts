import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';

/** How many events one statement writes. */
const batch = 500;

/** Takes a team that is being deleted from its tasks in the trash: they are no reason to keep it. */
export async function releaseTrashedTasks(unit: Unit, teamId: string, updatedById: string): Promise<void> {
  const released = await unit.db
    .updateTable('tasks')
    .set({
      team_id: null,
      version: sql<number>`version + 1`,
      updated_at: sql<string>`${unit.now}`,
      updated_by_id: updatedById,
    })
    .where('tasks.team_id', '=', teamId)
    .where('tasks.deleted_at', 'is not', null)
    .returning(['tasks.id', 'tasks.version'])
    .execute();
  for (let first = 0; first < released.length; first += batch)
    await recordEvents(
      unit,
      ...released.slice(first, first + batch).map(({ id, version }) => ({
        type: 'task.updated',
        entity: { type: 'task', id },
        changes: { teamId: { from: teamId, to: null } },
        data: { version },
      })),
    );
}
