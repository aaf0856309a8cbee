import {
  acceptInvitation,
  addMember,
  type BuiltInRoleKey,
  type Clock,
  listOwnInvitations,
  listRoles,
  type Platform,
  type Principal,
  register,
  type ServiceContext,
  verifyEmail,
} from '@tenon/core';

export interface NewPerson {
  email: string;
  fullName: string;
  password: string;
  username?: string;
}

/** A person who acts in an organization. */
export interface Actor {
  readonly userId: string;
  readonly organizationId: string;
  /** A new context, at the current time or at the given one. */
  ctx(at?: Date): ServiceContext;
}

const stopped = (at: Date): Clock => ({ now: () => at });

/** A principal without a session, because nobody signed in. */
async function principalOf(platform: Platform, userId: string, organizationId?: string): Promise<Principal> {
  const identity = { userId, sessionId: '', emailVerified: true, activeOrganizationId: null, sessionStartedAt: null };
  const principal =
    organizationId === undefined
      ? await platform.principal(identity, 'none')
      : await platform.principal(identity, 'required', { path: organizationId });
  return { ...principal, sessionId: null };
}

async function actorOf(platform: Platform, userId: string, organizationId: string): Promise<Actor> {
  const principal = await principalOf(platform, userId, organizationId);
  return {
    userId,
    organizationId,
    ctx(at) {
      const ctx = platform.context({ principal, quiet: true });
      return at ? { ...ctx, clock: stopped(at) } : ctx;
    },
  };
}

async function registerVerified(platform: Platform, person: NewPerson, organizationName?: string) {
  const anonymous = () => platform.context({ principal: null });
  const registered = await register(anonymous(), {
    ...person,
    ...(organizationName === undefined ? {} : { organizationName }),
  });
  if (registered.verificationToken === undefined) throw new Error('People cannot be made up in production.');
  await verifyEmail(anonymous(), { token: registered.verificationToken });
  return registered;
}

/** Registers a person with a verified address and a new organization that they own. */
export async function createOwner(platform: Platform, person: NewPerson, organizationName: string): Promise<Actor> {
  const { user, organization } = await registerVerified(platform, person, organizationName);
  if (!organization) throw new Error('The organization was not created.');
  return actorOf(platform, user.id, organization.id);
}

/** Registers people and makes them members of the owner's organization. They accept invitations, like everybody else. */
export async function createMembers(
  platform: Platform,
  owner: Actor,
  people: readonly (NewPerson & { role: BuiltInRoleKey })[],
): Promise<Actor[]> {
  const { data: roles } = await listRoles(owner.ctx(), { limit: 100, total: false, sort: '-createdAt' });
  const { organizationId } = owner;
  const create = async ({ role, ...person }: NewPerson & { role: BuiltInRoleKey }): Promise<Actor> => {
    const roleIds = roles.filter((known) => known.key === role).map((known) => known.id);
    const { user } = await registerVerified(platform, person);
    await addMember(owner.ctx(), { organizationId, email: person.email, roleIds });
    const guest = platform.context({ principal: await principalOf(platform, user.id) });
    const { data: invitations } = await listOwnInvitations(guest, { limit: 100, total: false, sort: '-createdAt' });
    for (const { id } of invitations) await acceptInvitation(guest, { id });
    return actorOf(platform, user.id, organizationId);
  };
  return Promise.all(people.map(create));
}
