import type { ServiceContext } from '../database/context.ts';
import { ifTaken } from '../database/failures.ts';
import { mutate } from '../database/unit-of-work.ts';
import { requireSignedIn } from './signed-in.ts';
import { userEvents } from './user.events.ts';
import { lockUser, userErrors, users } from './user.record.ts';
import type { User, UserUpdate } from './user.schema.ts';

/**
 * Changes the profile of the signed-in user. Only the given fields change; null clears a field.
 * @throws `unauthenticated`, `username_taken`
 */
export async function updateCurrentUser(ctx: ServiceContext, input: UserUpdate): Promise<User> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  // An address elsewhere replaces the picture in the file store.
  const fields = input.avatarUrl === undefined ? input : { ...input, avatar: null };
  return mutate(ctx, async (unit) => {
    const user = await lockUser(unit, userId);
    const changed = users.change(unit, user, fields, { event: userEvents.updated });
    const { after } = await changed.catch(ifTaken(userErrors.username_taken));
    return users.show(after);
  });
}
