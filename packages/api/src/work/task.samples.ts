import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aDepartment } from '../tenancy/department.samples.ts';
import { aTeam } from '../tenancy/team.samples.ts';
import { aProject } from './project.samples.ts';

/** Where a task can be a subtask: a project, and a task in it. */
async function aPlace(caller: Person) {
  const [{ owner }, { id: projectId }] = [caller.organization.people, await aProject(caller)];
  const title = `Count the pallets ${randomUUID()}`;
  const { id: parentId } = await owner.do('tasks.create', { title, projectId, assigneeIds: [caller.userId] });
  return { projectId, parentId };
}

/** A task that the caller sees, and may delete when their role lets them delete anything: their own where they can have one. */
export const aTask = (caller: Person) =>
  (caller.can('task:create') ? caller : caller.organization.people.owner).do('tasks.create', {
    title: `Count the boxes ${randomUUID()}`,
    description: 'Those on the upper floor too.',
    assigneeIds: [caller.userId],
  });

const aTag = ({ organization }: Person) =>
  organization.people.owner.do('tags.create', { name: `Depot ${randomUUID()}`, color: '#336699' });

async function aTrashedTask(caller: Person) {
  const task = await aTask(caller);
  const deleter = caller.can('task:delete') ? caller : caller.organization.people.owner;
  await deleter.do('tasks.delete', { id: task.id });
  return task;
}

export default samplesOf('tasks', {
  list: {
    input: async (caller) => ({
      assignee: [caller.userId],
      tag: [(await aTag(caller)).id],
      parent: [(await aTask(caller)).id],
      team: [(await aTeam(caller)).id],
      project: [(await aProject(caller)).id],
      department: [(await aDepartment(caller)).id],
      createdBy: [caller.userId],
    }),
  },
  create: {
    input: async (caller) => ({
      title: `Sort the shelves ${randomUUID()}`,
      estimatedHours: 1.5,
      ...(await aPlace(caller)),
      teamId: (await aTeam(caller)).id,
      assigneeIds: [caller.userId],
      tagIds: [(await aTag(caller)).id],
    }),
  },
  bulkCreate: {
    input: async (caller) => ({
      items: [
        {
          title: `Sweep the floor ${randomUUID()}`,
          parentId: (await aTask(caller)).id,
          teamId: (await aTeam(caller)).id,
          assigneeIds: [caller.userId],
          tagIds: [(await aTag(caller)).id],
        },
        { title: `Wash the windows ${randomUUID()}`, assigneeIds: [caller.userId] },
      ],
    }),
  },
  get: { input: async (caller) => ({ id: (await aTask(caller)).id }) },
  update: {
    input: async (caller) => ({
      id: (await aTask(caller)).id,
      title: `Count the crates ${randomUUID()}`,
      ...(await aPlace(caller)),
      teamId: (await aTeam(caller)).id,
      assigneeIds: [...new Set([caller.userId, caller.organization.people.manager.userId])],
      tagIds: [(await aTag(caller)).id],
    }),
  },
  move: {
    input: async (caller) => {
      const { projectId, parentId } = await aPlace(caller);
      const title = `Count the barrels ${randomUUID()}`;
      const neighbor = { title, projectId, assigneeIds: [caller.userId] };
      const { id: before } = await caller.organization.people.owner.do('tasks.create', neighbor);
      return { id: (await aTask(caller)).id, projectId, parentId, status: 'done' as const, after: parentId, before };
    },
  },
  bulkUpdate: {
    input: async (caller) => ({
      ids: [(await aTask(caller)).id, (await aTask(caller)).id],
      changes: {
        title: `Count the pallets ${randomUUID()}`,
        assigneeIds: [...new Set([caller.userId, caller.organization.people.manager.userId])],
        tagIds: [(await aTag(caller)).id],
      },
    }),
  },
  addDependency: {
    input: async (caller) => ({ id: (await aTask(caller)).id, otherId: (await aTask(caller)).id }),
  },
  removeDependency: {
    input: async (caller) => {
      const dependency = { id: (await aTask(caller)).id, otherId: (await aTask(caller)).id };
      const adder = caller.can('task:update') ? caller : caller.organization.people.owner;
      await adder.do('tasks.addDependency', dependency);
      return dependency;
    },
  },
  delete: { input: async (caller) => ({ id: (await aTask(caller)).id }) },
  restore: { input: async (caller) => ({ id: (await aTrashedTask(caller)).id }) },
  emptyTrash: {
    input: async (caller) => {
      await aTrashedTask(caller);
      return {};
    },
  },
  history: { input: async (caller) => ({ id: (await aTask(caller)).id }) },
  listActivity: { input: async (caller) => ({ id: (await aTask(caller)).id }) },
  watch: { input: async (caller) => ({ id: (await aTask(caller)).id, muted: true }) },
  unwatch: { input: async (caller) => ({ id: (await aTask(caller)).id }) },
});
