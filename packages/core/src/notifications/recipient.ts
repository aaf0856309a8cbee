import type { ReadDoor } from '../database/read-door.ts';
import { current, statement } from '../database/statement.ts';
import type { Principal } from '../kernel/principal.ts';

/** A principal that acts as the recipient of a notification, without permissions. A person's own rows need none. */
export const recipient = (userId: string, organizationId: string | null): Principal => ({
  userId,
  sessionId: null,
  emailVerified: true,
  organizationId,
  grants: [],
});

const ownPerson = statement((db) =>
  db
    .selectFrom('users')
    .select([
      'users.kind',
      'users.email',
      'users.email_verified_at as emailVerifiedAt',
      'users.full_name as fullName',
      'users.timezone',
      'users.is_active as isActive',
    ])
    .where('users.id', '=', current.user),
);

/** Reads the active person to whom the door belongs. Null for others, such as service accounts. */
export async function readPerson(db: ReadDoor) {
  const [person] = await db.run(ownPerson, {});
  return person?.isActive && person.kind === 'person' ? person : null;
}
