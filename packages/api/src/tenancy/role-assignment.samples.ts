import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aProject } from '../work/project.samples.ts';
import { aDepartment } from './department.samples.ts';
import { aRole } from './role.samples.ts';
import { aTeam } from './team.samples.ts';

const aViewer = async ({ organization }: Person) => (await organization.addMember('viewer')).userId;

async function anAssignment(caller: Person) {
  const userId = await aViewer(caller);
  const { id: roleId } = await aRole(caller);
  const { id } = await aTeam(caller);
  return caller.organization.people.owner.do('roleAssignments.create', { userId, roleId, scope: { kind: 'team', id } });
}

export default samplesOf('roleAssignments', {
  list: {
    input: async (caller) => ({
      user: [caller.userId],
      role: [caller.organization.roleIds.viewer],
      department: [(await aDepartment(caller)).id],
      team: [(await aTeam(caller)).id],
      project: [(await aProject(caller)).id],
    }),
  },
  create: {
    input: async (caller) => ({
      userId: await aViewer(caller),
      roleId: (await aRole(caller)).id,
      scope: { kind: 'department' as const, id: (await aDepartment(caller)).id },
      validTo: '2199-01-01T00:00:00.000Z',
    }),
  },
  get: { input: async (caller) => ({ id: (await anAssignment(caller)).id }) },
  delete: { input: async (caller) => ({ id: (await anAssignment(caller)).id }) },
});
