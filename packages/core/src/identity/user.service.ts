import type { ServiceContext } from '../database/context.ts';
import { isUniqueViolation } from '../database/failures.ts';
import { mutate } from '../database/unit-of-work.ts';
import { recordEvents } from '../activity/index.ts';
import { diff, isEmpty } from '../kernel/changes.ts';
import { defineErrors, errors } from '../kernel/errors.ts';
import { fold } from '../kernel/text.ts';
import { requireSignedIn } from './signed-in.ts';
import { UserEntity } from './user.entity.ts';
import { getUser } from './user.queries.ts';
import type { User, UserUpdate } from './user.schema.ts';

export const userErrors = defineErrors({
  email_taken: { kind: 'conflict', message: 'There is an account with this e-mail address.' },
  user_not_found: { kind: 'not_found', message: 'There is no such user.' },
  own_account: { kind: 'conflict', message: 'You cannot deactivate your own account: ask another administrator.' },
  username_taken: { kind: 'conflict', message: 'This username is taken.' },
});

/** The form in which addresses and usernames are compared: lower case. */
export const keyOf = (name: string): string => name.toLowerCase();

/** The form in which full names are searched: lower case, without accents. */
export const nameKeyOf = (fullName: string | null): string | null => (fullName === null ? null : fold(fullName));

/**
 * Changes the profile of the signed-in user. Only the given fields change; null clears a field.
 * @throws `unauthenticated`, `username_taken`
 */
export async function updateCurrentUser(ctx: ServiceContext, input: UserUpdate): Promise<User> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const user = await unit.load(UserEntity, { id: userId }, errors.unauthenticated);
    const changes = diff({ ...user }, input);
    if (isEmpty(changes)) return getUser(unit.db, userId);
    Object.assign(user, input, { updatedAt: unit.now });
    user.usernameKey = user.username == null ? null : keyOf(user.username);
    user.nameKey = nameKeyOf(user.fullName ?? null);
    await unit.em.flush().catch((error: unknown) => {
      throw isUniqueViolation(error) ? userErrors.username_taken({ cause: error }) : error;
    });
    await recordEvents(unit, {
      type: 'user.updated',
      entity: { type: 'user', id: userId },
      changes,
      organizationId: null,
    });
    return getUser(unit.db, userId);
  });
}
