import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aTeam } from '../tenancy/team.samples.ts';
import { aProject } from '../work/project.samples.ts';

const filters = async (caller: Person) => ({
  project: [(await aProject(caller)).id],
  team: [(await aTeam(caller)).id],
  assignee: [caller.userId],
});

export default samplesOf('analytics', {
  tasks: { input: filters },
  mine: { input: filters },
  usage: { input: () => ({}) },
});
