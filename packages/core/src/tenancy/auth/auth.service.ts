import { effectivePermissions } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { read } from '../../database/read-door.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import {
  askForSecondFactor,
  attemptSecondFactor,
  getUser,
  type Login,
  openLogin,
  openPasskeyLogin,
  type OpenSession,
  type PasskeySignIn,
  passSecondFactor,
  proveLogin,
  type ProvenLogin,
  provePasskeyLogin,
  registerUser,
  requireCaller,
  secondFactorErrors,
  type SecondFactorVerify,
  type SignedIn,
  signedIn,
  type SignInTransport,
  verificationTokenOf,
} from '../../identity/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { onlyOrganizationOf } from '../memberships/membership.queries.ts';
import { organizations } from '../organizations/organization.record.ts';
import { withSlugOf } from '../organizations/slug.ts';
import { insertOrganization } from '../ownership/organization.founding.ts';
import { rolesOfMembers } from '../role-assignments/held-roles.ts';
import type { CurrentAccess, Register, Registered } from './auth.schema.ts';

/**
 * Registers a person and, with `organizationName`, an organization that they own. A mail to verify the address follows.
 * @throws `sign_up_closed`, `validation_failed` for a password that the policy refuses, `email_taken`, `username_taken`
 */
export async function register(ctx: ServiceContext, { organizationName, ...person }: Register): Promise<Registered> {
  const run = (organization: { name: string; slug: string } | null) =>
    registerUser(ctx, person, 'themselves', async (unit, createUser) => {
      const user = await createUser(unit);
      if (!organization) return { user, organization: null };
      const id = uuidv7();
      await insertOrganization(unit, { id, ...organization, settings: {} }, user.id);
      return { user, organization: await organizations.get(unit.db, id) };
    });
  const registered =
    organizationName === undefined
      ? await run(null)
      : await withSlugOf(ctx, organizationName, (slug) => run({ name: organizationName, slug }));
  if (ctx.settings.production) return registered;
  return { ...registered, verificationToken: verificationTokenOf(ctx, registered.user) };
}

/**
 * Signs in by a passkey alone. If the user has only one organization, it becomes the session's active one.
 * @throws `invalid_challenge`, `passkey_failed`, `email_not_verified`
 */
export async function signInWithPasskey(
  ctx: ServiceContext,
  input: PasskeySignIn,
  transport: SignInTransport,
): Promise<SignedIn> {
  const proven = await provePasskeyLogin(ctx, input);
  const session = await writeThroughIdentityDoor(ctx, async (unit) => {
    const organizationId = await onlyOrganizationOf(unit.db, proven.passkey.userId);
    return openPasskeyLogin(unit, proven, { deviceId: input.deviceId ?? null, organizationId }, transport);
  });
  return signedIn(ctx, session, input.tokenTransport, transport);
}

/** Opens the session of a proven login. If the user has only one organization, it becomes the session's active one. */
async function openSignIn(
  unit: Unit,
  proven: ProvenLogin,
  deviceId: string | undefined,
  transport: SignInTransport,
): Promise<OpenSession> {
  const organizationId = await onlyOrganizationOf(unit.db, proven.userId);
  return openLogin(unit, proven, { deviceId: deviceId ?? null, organizationId }, transport);
}

/**
 * Signs in by e-mail address or username and a password. If the user has only one organization, it becomes the session's active
 * one.
 * @throws `invalid_credentials`, `email_not_verified`, `second_factor_required` with the challenge to answer
 */
export async function login(ctx: ServiceContext, input: Login, transport: SignInTransport): Promise<SignedIn> {
  const proven = await proveLogin(ctx, input);
  const opened = await writeThroughIdentityDoor(ctx, async (unit) => {
    const challenge = await askForSecondFactor(unit, proven);
    return challenge ? { challenge } : openSignIn(unit, proven, input.deviceId, transport);
  });
  if ('challenge' in opened) throw secondFactorErrors.second_factor_required(opened);
  return signedIn(ctx, opened, input.tokenTransport, transport);
}

/**
 * Finishes a login that asked for a second factor.
 * @throws `invalid_challenge`, `second_factor_failed`, `passkey_failed`, `rate_limited`, `invalid_credentials` when the account
 * was closed meanwhile
 */
export async function verifySecondFactor(
  ctx: ServiceContext,
  input: SecondFactorVerify,
  transport: SignInTransport,
): Promise<SignedIn> {
  const answer = await attemptSecondFactor(ctx, input);
  const opened = await writeThroughIdentityDoor(ctx, async (unit) => {
    const proven = await passSecondFactor(unit, answer);
    return proven && openSignIn(unit, proven, input.deviceId, transport);
  });
  // A wrong answer must be counted, so the transaction commits before this throws.
  if (!opened) throw secondFactorErrors.second_factor_failed();
  return signedIn(ctx, opened, input.tokenTransport, transport);
}

/**
 * Returns who is signed in, in which organization, with which roles and permissions. Outside an organization there are none.
 * @throws `unauthenticated`
 */
export async function getCurrentAccess(ctx: ServiceContext): Promise<CurrentAccess> {
  requireCaller(ctx);
  const { principal } = ctx;
  const { userId, organizationId } = principal;
  return read(ctx, async (db) => {
    const user = await getUser(db, userId);
    if (organizationId === null) return { user, organization: null, roles: [], permissions: [] };
    const organization = await organizations.get(db, organizationId);
    const roles = (await rolesOfMembers(ctx, db, [userId])).get(userId) ?? [];
    return { user, organization, roles, permissions: effectivePermissions(principal) };
  });
}
