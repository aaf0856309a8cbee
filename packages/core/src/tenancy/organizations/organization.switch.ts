import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { requireSignedIn, setActiveOrganization } from '../../identity/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { organizationSwitchEvents } from './organization.events.ts';
import { organizations } from './organization.record.ts';
import type { Organization } from './organization.schema.ts';

/**
 * Makes the organization of the context the active one of the caller's session.
 * @throws `unauthenticated`, `organization_required`
 */
export async function switchOrganization(ctx: ServiceContext): Promise<Organization> {
  requireSignedIn(ctx);
  const { organizationId, sessionId } = ctx.principal;
  if (organizationId === null) throw tenancyErrors.organization_required();
  const organization = await read(ctx, (db) => organizations.get(db, organizationId));
  const work = async (unit: Unit) => {
    if (sessionId === null) return organization;
    const before = await unit.db
      .selectFrom('sessions')
      .select('sessions.organization_id as organizationId')
      .where('sessions.id', '=', sessionId)
      .executeTakeFirst();
    if (!before || before.organizationId === organizationId) return organization;
    await setActiveOrganization(unit, organizationId);
    const changes = { organizationId: { from: before.organizationId, to: organizationId } };
    await recordEvents(unit, organizationSwitchEvents.organization_switched.about(sessionId, { data: {}, changes }));
    return organization;
  };
  // This changes the person's session only. Nothing happens in the organization.
  return mutate(ctx, work, null);
}
