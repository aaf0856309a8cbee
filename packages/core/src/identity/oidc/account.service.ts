import { sql } from 'kysely';
import { z } from 'zod';
import { recordEvents } from '../../activity/index.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { line } from '../../kernel/text.ts';
import { isKept } from '../email-change.service.ts';
import { holdSigningIn, type OpenSession, startSession } from '../session.service.ts';
import type { SignInTransport } from '../transport.ts';
import { UserEntity } from '../user.entity.ts';
import { email, locale, timezone } from '../user.schema.ts';
import { keyOf, nameKeyOf } from '../user.service.ts';
import type { OidcIssuer } from './issuer.ts';
import { OidcSessionEntity, UserIdentityEntity } from './oidc.entity.ts';
import { oidcErrors } from './oidc.errors.ts';
import type { ProvenPerson } from './proof.ts';

/** What we take over of an issuer's claims. What is no such thing is left out: a profile is no reason to refuse a sign-in. */
const Profile = z.object({
  name: line(200).optional().catch(undefined),
  locale: locale().optional().catch(undefined),
  zoneinfo: timezone().optional().catch(undefined),
});

const VerifiedAddress = z.object({ email: email(), email_verified: z.literal(true) });

/**
 * The user whom an issuer has proven, by its subject. Who is new is linked to the account with their address, or gets one: only
 * when the issuer says that the address is verified, and an account only when that address was proven to it too. Otherwise whoever
 * registers somebody else's address first, here or there, would get into what is theirs. Runs behind the identity door.
 * @throws `oidc_email_not_verified`, `oidc_account_exists`
 */
export async function userOfPerson(unit: Unit, person: ProvenPerson): Promise<string> {
  const known = await unit.db
    .selectFrom('user_identities')
    .select(['id', 'user_id as userId'])
    .where('issuer', '=', person.issuer)
    .where('subject', '=', person.subject)
    .executeTakeFirst();
  if (known) {
    await unit.db
      .updateTable('user_identities')
      .set({ last_used_at: sql<string>`${unit.now}` })
      .where('id', '=', known.id)
      .execute();
    return known.userId;
  }
  const address = VerifiedAddress.safeParse(person.claims);
  if (!address.success) throw oidcErrors.oidc_email_not_verified();
  const userId = (await accountWith(unit, address.data.email)) ?? (await createUser(unit, address.data.email, person));
  await linkIdentity(unit, userId, person);
  return userId;
}

/** @throws `oidc_account_exists` when the account's address is not proven, or was its owner's until lately */
async function accountWith(unit: Unit, address: string): Promise<string | null> {
  const user = await unit.db
    .selectFrom('users')
    .select(['id', 'email_verified_at as emailVerifiedAt'])
    .where('email_key', '=', keyOf(address))
    .executeTakeFirst();
  if (user && user.emailVerifiedAt === null) throw oidcErrors.oidc_account_exists();
  if (!user && (await isKept(unit.db, keyOf(address), unit.now))) throw oidcErrors.oidc_account_exists();
  return user?.id ?? null;
}

async function createUser(unit: Unit, address: string, { issuer, claims }: ProvenPerson): Promise<string> {
  const { now } = unit;
  const { name = null, locale: language = 'en', zoneinfo = 'UTC' } = Profile.parse(claims);
  const id = uuidv7();
  await unit.insert(UserEntity, {
    id,
    email: address,
    emailKey: keyOf(address),
    emailVerifiedAt: now,
    fullName: name,
    nameKey: nameKeyOf(name),
    locale: language,
    timezone: zoneinfo,
    kind: 'person',
    isActive: true,
    createdAt: now,
    updatedAt: now,
  });
  const told = { entity: { type: 'user', id }, data: { issuer }, actorId: id, organizationId: null };
  await recordEvents(unit, { type: 'user.registered', ...told }, { type: 'user.email_verified', ...told });
  return id;
}

async function linkIdentity(unit: Unit, userId: string, { issuer, subject }: ProvenPerson): Promise<void> {
  const id = uuidv7();
  await unit.insert(UserIdentityEntity, { id, userId, issuer, subject, createdAt: unit.now, lastUsedAt: unit.now });
  await recordEvents(unit, {
    type: 'user.identity_linked',
    entity: { type: 'user', id: userId },
    data: { issuer, subject },
    actorId: userId,
    organizationId: null,
  });
}

/**
 * Opens the session of a proven person. The second factor is the issuer's affair. Runs behind the identity door.
 * @throws `user_inactive`
 */
export async function openSessionOfPerson(
  unit: Unit,
  issuer: OidcIssuer,
  person: ProvenPerson,
  session: { userId: string; deviceId: string | null; organizationId: string | null },
  transport: SignInTransport,
): Promise<OpenSession> {
  const { userId } = session;
  if (!(await holdSigningIn(unit, userId))) throw oidcErrors.user_inactive();
  const opened = await startSession(unit, { ...session, issuer: person.issuer }, transport);
  const { issuer: at, subject, sid } = person;
  const { sessionId } = opened;
  await unit.insert(OidcSessionEntity, { sessionId, userId, issuerRef: issuer.id, issuer: at, subject, sid });
  return opened;
}
