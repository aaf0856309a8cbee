import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { keyOf } from '../kernel/text.ts';
import { requireSignedIn } from './signed-in.ts';
import { userEvents } from './user.events.ts';
import { userErrors, users } from './user.record.ts';

/** The permission that a refusal names. No role of an organization grants it. */
export const instancePermission = 'instance:administer';

/**
 * The first line of every operation that only instance administrators may use.
 * @throws `unauthenticated`, `session_limited`, `permission_denied` unless the caller is an instance administrator
 */
export function requireInstanceAdmin(ctx: {
  readonly principal: Principal | null;
}): asserts ctx is { readonly principal: Principal } {
  requireSignedIn(ctx);
  if (ctx.principal.instanceAdmin === true) return;
  throw errors.permission_denied({
    permission: instancePermission,
    grantedBy: [],
    message: 'Only instance administrators may do this, and no role of an organization grants it.',
  });
}

/**
 * Grants or revokes instance administration, for the command line alone: no network operation does this. If the installation
 * requires verified addresses, the user must have verified theirs. Answers whether it changed anything.
 * @throws `user_not_found`, also for a user without a verified address
 */
export async function setInstanceAdmin(ctx: ServiceContext, email: string, granted: boolean): Promise<boolean> {
  return writeThroughIdentityDoor(ctx, async (unit) => {
    const user = await users.lock(unit, { emailKey: keyOf(email) });
    if (granted === (user.instanceAdminSince !== null)) return false;
    if (granted && ctx.settings.requireVerifiedEmail && user.emailVerifiedAt === null)
      throw userErrors.user_not_found({ message: 'The user has not verified this address yet.' });
    const instanceAdminSince = granted ? unit.now.toISOString() : null;
    const event = granted ? userEvents.instance_admin_granted : userEvents.instance_admin_revoked;
    await users.change(unit, user, { instanceAdminSince }, { event, actorId: null });
    return true;
  });
}
