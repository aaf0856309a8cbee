import type { BuiltInRoleKey } from '../access/index.ts';
import { readThroughSystemDoor } from '../database/system-door.ts';
import { acceptInvitation } from '../tenancy/invitations/invitation.answer.ts';
import { listOwnInvitations } from '../tenancy/invitations/invitation.queries.ts';
import { InvitationListInput } from '../tenancy/invitations/invitation.schema.ts';
import { addMember } from '../tenancy/invitations/invitation.service.ts';
import { setOrganizationTier } from '../tenancy/organizations/organization.service.ts';
import { listRoles } from '../tenancy/roles/role.queries.ts';
import { RoleListInput } from '../tenancy/roles/role.schema.ts';
import type { TestDialect } from './databases.ts';
import { anonymous, type SignedUpPerson, signUp } from './people.ts';
import { createTestPlatform, type TestClock } from './platform.ts';

/** An organization that invites people, with what its members and invited people do. Its owner is Olga. */
export type Hosts = Awaited<ReturnType<typeof createHosts>>;

export async function createHosts(dialect: TestDialect, clock: TestClock) {
  // Sign-ins stay valid over the days by which the tests advance the clock.
  const settings = { accessTokenMinutes: 365 * 24 * 60, refreshTokenDays: 365 };
  const platform = await createTestPlatform(dialect, { clock, settings });
  const owner = await signUp(platform, { organizationName: 'Hosts', fullName: 'Olga Owner', username: 'olga' });
  const organizationId = owner.organization?.id ?? '';
  await setOrganizationTier(anonymous(platform), { organization: organizationId, tier: 'enterprise' });
  const { data: roles } = await listRoles(await owner.ctx('required'), RoleListInput.parse({}));

  const idsOf = (keys: readonly BuiltInRoleKey[]) =>
    keys.map((key) => roles.find((role) => role.key === key)?.id ?? '');
  const invite = async (email: string, keys: BuiltInRoleKey[] = ['member'], by = owner) =>
    addMember(await by.ctx('required'), { organizationId, email, roleIds: idsOf(keys) });
  const own = async (person: SignedUpPerson, input: Partial<InvitationListInput> = {}) =>
    listOwnInvitations(await person.ctx('none'), { ...InvitationListInput.parse({}), ...input });
  /** The only invitation of the person. */
  const invitationOf = async (person: SignedUpPerson, input: Partial<InvitationListInput> = {}) => {
    const { data } = await own(person, input);
    if (data.length !== 1 || !data[0]) throw new Error(`${data.length} invitations instead of one.`);
    return data[0];
  };
  const accept = async (person: SignedUpPerson, id: string, mutation = {}) =>
    acceptInvitation(await person.ctx('none', {}, mutation), { id });
  const join = async (keys: BuiltInRoleKey[] = ['member']) => {
    const person = await signUp(platform);
    await invite(person.email, keys);
    await accept(person, (await invitationOf(person)).id);
    return person;
  };
  /** All rows that invitations leave, whoever is invited. */
  const traces = () =>
    readThroughSystemDoor(platform.database, async (db) => ({
      invitations: await db.selectFrom('invitations').select(['id', 'email']).execute(),
      jobs: await db
        .selectFrom('jobs')
        .orderBy('jobs.id')
        .select(['payload'])
        .where('kind', '=', 'mail.send')
        .execute(),
    }));
  return { platform, owner, idsOf, invite, own, invitationOf, accept, join, traces };
}
