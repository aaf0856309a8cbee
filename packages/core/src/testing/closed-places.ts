import { sql } from 'kysely';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Platform } from '../platform.ts';

/**
 * Makes all projects of an organization private, puts all its tasks into one of them, and takes a person out of all. So everything that
 * is there is in a closed place.
 */
export async function encloseEverything(platform: Platform, organizationId: string, outsiderId: string): Promise<void> {
  await writeThroughSystemDoor(platform.context({ principal: null }), async ({ db }) => {
    const { id } = await db
      .selectFrom('projects')
      .select('projects.id')
      .where('projects.organization_id', '=', organizationId)
      .executeTakeFirstOrThrow();
    await db
      .updateTable('projects')
      .set({ visibility: 'private' })
      .where('organization_id', '=', organizationId)
      .execute();
    await db
      .updateTable('tasks')
      .set({ project_id: id, project_number: sql<number>`number`, position: sql<string>`cast(number as text)` })
      .where('organization_id', '=', organizationId)
      .execute();
    await db
      .deleteFrom('project_members')
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', outsiderId)
      .execute();
  });
}
