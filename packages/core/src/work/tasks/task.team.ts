import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { isForeignKeyViolation } from '../../database/failures.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { loadTeam, removeTeam, type TeamId } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';

/** Events of one statement. */
const batch = 500;

/** What is in the trash keeps no team from being deleted: it loses it. */
async function releaseTrash(unit: Unit, teamId: string, updatedById: string): Promise<void> {
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

/**
 * Deletes for ever a team that has no tasks. Its members stay members of the organization, and its tasks in the trash lose it.
 * @throws `permission_denied`, `team_not_found`, `version_conflict`, `team_has_tasks`
 */
export async function deleteTeam(ctx: ServiceContext, { id }: TeamId): Promise<void> {
  authorize(ctx, 'team:delete');
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const team = await loadTeam(unit, id);
    unit.checkVersion(team);
    await releaseTrash(unit, id, userId);
    // The database knows of all tasks, also of those that the caller does not see.
    await removeTeam(unit, team).catch((error: unknown) => {
      throw isForeignKeyViolation(error) ? workErrors.team_has_tasks({ cause: error }) : error;
    });
    return null;
  });
}
