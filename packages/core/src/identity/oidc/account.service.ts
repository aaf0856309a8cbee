import { z } from 'zod';
import { recordEvents } from '../../activity/index.ts';
import { findRow } from '../../database/rows.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { keyOf, line } from '../../kernel/text.ts';
import { isKept } from '../email-change.service.ts';
import { addPerson, requireSignUp } from '../registration.service.ts';
import { activeSessions, lockForSignIn, type OpenSession, startSession } from '../session.service.ts';
import type { SignInTransport } from '../transport.ts';
import { UserEntity } from '../user.entity.ts';
import { userEvents } from '../user.events.ts';
import { email, locale, timezone } from '../user.schema.ts';
import { identities } from './identity.record.ts';
import type { OidcIssuer } from './issuer.ts';
import { installationRealm, OidcSessionEntity, UserIdentityEntity } from './oidc.entity.ts';
import { oidcErrors } from './oidc.errors.ts';
import type { ProvenPerson } from './proof.ts';

/** The claims that become the user's profile. Invalid ones are left out: a bad profile is no reason to refuse a sign-in. */
const Profile = z.object({
  name: line(200).optional().catch(undefined),
  locale: locale().optional().catch(undefined),
  zoneinfo: timezone().optional().catch(undefined),
});

const VerifiedAddress = z.object({ email: email(), email_verified: z.literal(true) });

/** An identity belongs to a realm: that of all installation issuers, or that of one organization's issuer alone. */
const realmOf = ({ id, organizationId }: OidcIssuer): string => (organizationId === null ? installationRealm : id);

/** Finds the account linked to a person's identity at an issuer, and records the use. Answers null when there is none. */
async function useIdentity(unit: Unit, issuer: OidcIssuer, person: ProvenPerson) {
  const known = await unit.db
    .updateTable('user_identities')
    .set({ last_used_at: unit.now })
    .where('realm', '=', realmOf(issuer))
    .where('issuer', '=', person.issuer)
    .where('subject', '=', person.subject)
    .returning(['id', 'user_id as userId', 'disabled_at as disabledAt'])
    .executeTakeFirst();
  return known ?? null;
}

/**
 * Finds the user of a person authenticated by an issuer, by the issuer's subject. A new identity is linked to the account
 * with its address, or gets a new account. Both require that the issuer says the address is verified; linking also requires that
 * the account has verified the address. Otherwise somebody who registers another person's address first, here or there, could enter
 * that person's account. Only its organization trusts an organization's issuer, so that is never linked to an account that it did
 * not create. Runs behind the identity door.
 * @throws `oidc_identity_disabled`, `oidc_email_not_verified`, `oidc_account_exists`, `sign_up_closed`
 */
export async function userOfPerson(unit: Unit, issuer: OidcIssuer, person: ProvenPerson): Promise<string> {
  const known = await useIdentity(unit, issuer, person);
  if (known !== null) {
    if (known.disabledAt !== null) throw oidcErrors.oidc_identity_disabled();
    return known.userId;
  }
  const address = VerifiedAddress.safeParse(person.claims);
  if (!address.success) throw oidcErrors.oidc_email_not_verified();
  const { email: found } = address.data;
  const userId = (await accountWith(unit, issuer, found)) ?? (await createUser(unit, found, issuer, person));
  await insertIdentity(unit, userId, issuer, person);
  return userId;
}

/**
 * Links a person's identity at an issuer to the account of the session that asked for the link. This enables an identity again that
 * was disabled. Runs behind the identity door.
 * @throws `oidc_state_invalid` when that session has ended meanwhile, `oidc_identity_taken`
 */
export async function linkPerson(
  unit: Unit,
  issuer: OidcIssuer,
  person: ProvenPerson,
  sessionId: string,
): Promise<string> {
  const session = await activeSessions(unit).where('id', '=', sessionId).executeTakeFirst();
  const user = session && (await findRow(unit.db, UserEntity, { id: session.userId }));
  if (!user?.isActive) throw oidcErrors.oidc_state_invalid({ field: ['state'] });
  const { id: userId } = user;
  const known = await useIdentity(unit, issuer, person);
  if (known !== null && known.userId !== userId) throw oidcErrors.oidc_identity_taken();
  if (known === null) await insertIdentity(unit, userId, issuer, person);
  else if (known.disabledAt !== null) {
    await unit.update(UserIdentityEntity, { id: known.id, userId }, { disabledAt: null });
    const data = {
      issuer: person.issuer,
      subject: person.subject,
      identityProviderId: issuer.organizationId && issuer.id,
    };
    await recordEvents(unit, userEvents.identity_linked.about(userId, { data, actorId: userId }));
  }
  return userId;
}

const linkInstead =
  'There is an account with this e-mail address: sign in to it, and link your identity at this issuer there.';

/**
 * Finds the account to link: the issuer belongs to the installation, and the account has verified the address. Answers null when
 * nobody has the address.
 * @throws `oidc_account_exists` when another account has the address, or had it until recently
 */
async function accountWith({ db, now }: Unit, { organizationId }: OidcIssuer, address: string): Promise<string | null> {
  const user = await findRow(db, UserEntity, { emailKey: keyOf(address) });
  const isTrusted = organizationId === null;
  if (isTrusted && user && user.emailVerifiedAt !== null) return user.id;
  if (user || (await isKept(db, keyOf(address), now)))
    throw oidcErrors.oidc_account_exists(isTrusted ? {} : { message: linkInstead });
  return null;
}

/**
 * Creates an account. An issuer of the installation verifies its address; for an organization's issuer the user gets a mail.
 * @throws `sign_up_closed`
 */
async function createUser(
  unit: Unit,
  address: string,
  { organizationId }: OidcIssuer,
  { issuer, claims }: ProvenPerson,
): Promise<string> {
  requireSignUp(unit.ctx, organizationId === null ? 'themselves' : 'organization');
  const { name: fullName = null, locale: language = 'en', zoneinfo: zone = 'UTC' } = Profile.parse(claims);
  const person = { email: address, username: null, fullName, locale: language, timezone: zone };
  const user = await addPerson(unit, person, organizationId === null ? 'proven' : 'unproven', { issuer });
  return user.id;
}

async function insertIdentity(
  unit: Unit,
  userId: string,
  at: OidcIssuer,
  { issuer, subject }: ProvenPerson,
): Promise<void> {
  const identity = { userId, realm: realmOf(at), issuer, subject, lastUsedAt: unit.now };
  await identities.add(unit, identity, { actorId: userId });
}

/**
 * Starts the session of an authenticated person. A session from an organization's issuer is valid in that organization only. The
 * issuer is responsible for a second factor. Runs behind the identity door.
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
  if (!(await lockForSignIn(unit, userId))) throw oidcErrors.user_inactive();
  const opened = await startSession(
    unit,
    { ...session, issuer: person.issuer, limitedToId: issuer.organizationId },
    transport,
  );
  const { issuer: at, subject, sid } = person;
  const { sessionId } = opened;
  await unit.insert(OidcSessionEntity, { sessionId, userId, issuerRef: issuer.id, issuer: at, subject, sid });
  return opened;
}
