import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';

/** Somebody elsewhere asks the caller in. */
async function anInvitation(caller: Person, scene: Scene) {
  const { id, roleIds, owner } = await scene.foundOrganization('Guests');
  await owner.do('members.add', { organizationId: id, email: caller.email, roleIds: [roleIds.viewer] });
  const { data } = await caller.do('invitations.listMine', { status: ['pending'] });
  const invitation = data.find(({ organization }) => organization.id === id);
  if (!invitation) throw new Error('The invitation did not arrive.');
  return { id: invitation.id };
}

const path = ({ organization }: Person) => ({ organizationId: organization.id });

/** Somebody is asked into the caller's organization. */
async function aGuest(caller: Person) {
  const { owner } = caller.organization.people;
  const email = `${randomUUID()}@example.com`;
  await owner.do('members.add', { ...path(caller), email, roleIds: [caller.organization.roleIds.viewer] });
  const { data } = await owner.do('invitations.list', path(caller));
  const invitation = data.find((found) => found.email === email);
  if (!invitation) throw new Error('The invitation was not sent.');
  return { ...path(caller), id: invitation.id };
}

export default samplesOf('invitations', {
  listMine: {
    input: async (caller, scene) => {
      await anInvitation(caller, scene);
      return {};
    },
  },
  accept: { input: anInvitation },
  decline: { input: anInvitation },
  list: {
    input: async (caller) => {
      await aGuest(caller);
      return path(caller);
    },
  },
  resend: { input: aGuest },
  revoke: { input: aGuest },
});
