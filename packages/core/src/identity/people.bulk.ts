import { type NewEvent, recordEvents } from '../activity/index.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { fold, keyOf } from '../kernel/text.ts';
import { CredentialEntity } from './credential.entity.ts';
import { hashPassword } from './passwords.ts';
import { UserEntity } from './user.entity.ts';
import { userEvents } from './user.events.ts';

/** A new person, with what registration would add. */
export interface WholePerson {
  id: string;
  email: string;
  fullName: string;
  /** When they registered and verified their address. */
  createdAt: string;
}

/**
 * Prepares to add many made-up people by a few large statements. All have the same password, which is hashed once.
 * @returns a function that adds them behind the identity door
 */
export async function addPeople(
  people: readonly WholePerson[],
  password: string,
): Promise<(unit: Unit) => Promise<void>> {
  const passwordHash = await hashPassword(password);
  return async (unit) => {
    await unit.insert(
      UserEntity,
      ...people.map((person) => ({
        ...person,
        kind: 'person' as const,
        emailKey: keyOf(person.email),
        nameKey: fold(person.fullName),
        emailVerifiedAt: person.createdAt,
        locale: 'en',
        timezone: 'UTC',
        isActive: true,
        updatedAt: person.createdAt,
      })),
    );
    await Promise.all([
      unit.insert(
        CredentialEntity,
        ...people.map(({ id, createdAt }) => ({ userId: id, passwordHash, updatedAt: createdAt })),
      ),
      recordEvents(unit, ...people.flatMap(({ id }) => eventsOf(id))),
    ]);
  };
}

const eventsOf = (id: string): NewEvent[] =>
  [userEvents.registered, userEvents.email_verified].map((type) => type.about(id, { data: {}, actorId: id }));
