import { effectivePermissions } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import {
  getUser,
  type Login,
  openLogin,
  proveLogin,
  registerUser,
  requireSignedIn,
  type SignedIn,
  signedIn,
  type SignInTransport,
  verificationTokenOf,
} from '../identity/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { CurrentAccess, Register, Registered } from './auth.schema.ts';
import { organizationById } from './organization.queries.ts';
import { insertOrganization } from './organization.service.ts';
import { rolesOfMembers } from './role.queries.ts';
import { withSlugOf } from './slug.ts';

/**
 * Registers a person, and with `organizationName` an organization that they own. The mail to verify the address follows.
 * @throws `validation_failed` for a password that the policy refuses, `email_taken`, `username_taken`
 */
export async function register(ctx: ServiceContext, { organizationName, ...person }: Register): Promise<Registered> {
  const run = (organization: { name: string; slug: string } | null) =>
    registerUser(ctx, person, async (unit, createUser) => {
      const user = await createUser(unit);
      if (!organization) return { user, organization: null };
      const id = uuidv7();
      await insertOrganization(unit, { id, ...organization, settings: {} }, user.id);
      return { user, organization: await organizationById(unit.db, id) };
    });
  const registered =
    organizationName === undefined
      ? await run(null)
      : await withSlugOf(ctx, organizationName, (slug) => run({ name: organizationName, slug }));
  if (ctx.settings.production) return registered;
  return { ...registered, verificationToken: verificationTokenOf(ctx, registered.user) };
}

/** The organization of who has exactly one. */
export async function onlyOrganizationOf(db: ReadDoor, userId: string): Promise<string | null> {
  const [first, second] = await db
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .select('memberships.organization_id as organizationId')
    .where('memberships.user_id', '=', userId)
    .where('memberships.status', '=', 'active')
    .where('organizations.deleted_at', 'is', null)
    .limit(2)
    .execute();
  return first && !second ? first.organizationId : null;
}

/**
 * Signs in with e-mail address or username and password. The only organization of the user becomes the session's active one.
 * @throws `invalid_credentials`, `email_not_verified`
 */
export async function login(ctx: ServiceContext, input: Login, transport: SignInTransport): Promise<SignedIn> {
  const proven = await proveLogin(ctx, input);
  const { session, user } = await writeThroughIdentityDoor(ctx, async (unit) => {
    const organizationId = await onlyOrganizationOf(unit.db, proven.userId);
    const opened = await openLogin(unit, proven, { deviceId: input.deviceId ?? null, organizationId }, transport);
    return { session: opened, user: await getUser(unit.db, proven.userId) };
  });
  return signedIn(ctx, session, user, input.tokenTransport, transport);
}

/**
 * Who is signed in, in which organization, with which roles and permissions: none without an organization.
 * @throws `unauthenticated`
 */
export async function getCurrentAccess(ctx: ServiceContext): Promise<CurrentAccess> {
  requireSignedIn(ctx);
  const { principal } = ctx;
  const { userId, organizationId } = principal;
  return read(ctx, async (db) => {
    const user = await getUser(db, userId);
    if (organizationId === null) return { user, organization: null, roles: [], permissions: [] };
    const organization = await organizationById(db, organizationId);
    const roles = (await rolesOfMembers(ctx, db, [userId])).get(userId) ?? [];
    return { user, organization, roles, permissions: effectivePermissions(principal) };
  });
}
