import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';

const path = ({ organization }: Person) => ({ organizationId: organization.id });

/** One in which the caller is a member beside the owner, and which they may leave. */
async function anotherOrganization(caller: Person, scene: Scene) {
  const { id, roleIds, owner } = await scene.foundOrganization('Hosts');
  await owner.do('members.add', { organizationId: id, email: caller.email, roleIds: [roleIds.viewer] });
  const { data } = await caller.do('invitations.listMine', { status: ['pending'] });
  const invitation = data.find(({ organization }) => organization.id === id);
  if (!invitation) throw new Error('The invitation did not arrive.');
  await caller.do('invitations.accept', { id: invitation.id });
  return { organizationId: id };
}

/** The organization of the caller, with a picture. */
async function pictured(caller: Person) {
  await caller.organization.people.owner.do('organizations.setAvatar', path(caller));
  return path(caller);
}

export default samplesOf('organizations', {
  create: {
    input: () => ({ name: 'Harbour Works', slug: `harbour-${randomUUID()}`, settings: { weekStart: 'monday' } }),
  },
  listMine: { input: () => ({}) },
  me: { input: () => ({}) },
  get: { input: path },
  update: { input: (caller) => ({ ...path(caller), name: `Renamed ${randomUUID()}` }) },
  setAvatar: { input: path },
  removeAvatar: { input: pictured },
  getAvatar: { input: pictured },
  deactivate: { input: path, upsets: true },
  activate: {
    input: async (caller) => {
      await caller.organization.people.owner.do('organizations.deactivate', path(caller));
      return path(caller);
    },
    upsets: true,
  },
  delete: { input: path, upsets: true },
  restore: {
    input: async (caller) => {
      await caller.organization.people.owner.do('organizations.delete', path(caller));
      return path(caller);
    },
    upsets: true,
  },
  setTier: {
    input: ({ organization }) => ({
      organization: organization.id,
      tier: 'enterprise' as const,
      maxUsers: null,
      maxTasks: 1_000_000 + Math.floor(Math.random() * 1_000_000),
    }),
    upsets: true,
  },
  transfer: {
    input: async (caller) => ({ ...path(caller), userId: (await caller.organization.addMember('admin')).userId }),
    upsets: true,
    takesPermission: true,
  },
  switch: {
    input: async (caller) => {
      // Founding another one makes that the active one.
      await caller.do('organizations.create', { name: `Elsewhere ${randomUUID()}` });
      return path(caller);
    },
  },
  leave: { input: anotherOrganization },
});
