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

export default samplesOf('invitations', {
  listMine: { input: () => ({}) },
  accept: { input: anInvitation },
});
