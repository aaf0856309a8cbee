import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { recordEvents } from '../activity/index.ts';
import { errors } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { forgetSessionsOf } from './authenticate.ts';
import { UserEntity } from './user.entity.ts';
import { requireSignedIn } from './signed-in.ts';
import { keyOf, userErrors } from './user.service.ts';

/** What a refusal calls the right to administer the instance: no role of an organization gives it. */
export const instancePermission = 'instance:administer';

/**
 * Refuses who does not administer the instance: the first line of what only they may do.
 * @throws `unauthenticated`, `session_limited`, `permission_denied`
 */
export function requireInstanceAdmin(ctx: {
  readonly principal: Principal | null;
}): asserts ctx is { readonly principal: Principal } {
  requireSignedIn(ctx);
  if (ctx.principal.instanceAdmin === true) return;
  throw errors.permission_denied({
    permission: instancePermission,
    grantedBy: [],
    message: 'Only who administers the instance may do this, and no role of an organization gives that.',
  });
}

/**
 * Makes a user an administrator of the instance, or undoes it: for the command line, as nobody does it over the network. They must
 * have proven their address, where the instance asks for that. Answers whether it changed anything.
 * @throws `user_not_found`, also when they have not
 */
export async function setInstanceAdmin(ctx: ServiceContext, email: string, granted: boolean): Promise<boolean> {
  return writeThroughIdentityDoor(ctx, async (unit) => {
    const user = await unit.load(UserEntity, { emailKey: keyOf(email) }, userErrors.user_not_found);
    if (granted === (user.instanceAdminSince != null)) return false;
    if (granted && ctx.settings.requireVerifiedEmail && user.emailVerifiedAt == null)
      throw userErrors.user_not_found({ message: 'The user has not verified this address yet.' });
    user.instanceAdminSince = granted ? unit.now : null;
    await unit.em.flush();
    await recordEvents(unit, {
      type: granted ? 'user.instance_admin_granted' : 'user.instance_admin_revoked',
      entity: { type: 'user', id: user.id },
      actorId: null,
      organizationId: null,
    });
    unit.afterCommit(() => forgetSessionsOf(ctx.database, user.id));
    return true;
  });
}
