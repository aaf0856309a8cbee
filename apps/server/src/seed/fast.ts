import {
  addMembersAtOnce,
  addTasks,
  createDepartment,
  createProject,
  createTag,
  createTask,
  createTeam,
  type HeldRole,
  uuidv7,
  type WholeMember,
  type WholeTask,
} from '@tenon/core';
import { inOneTransaction } from './batch.ts';
import type { Actor } from './people.ts';
import type { Random } from './random.ts';
import { historyOf, hours, madeUpTask, type Surroundings } from './task.ts';
import { personName } from './vocabulary.ts';

/*
 * Fills an organization with more rows than the services could add in an hour, to measure how reads grow. Every filter of the lists has a
 * common value, and a rare value. The number of tasks with a rare value is the same, however many tasks there are.
 */

/** How many tasks have a rare value. Fewer in an organization with few tasks. */
const rareTasks = 20;
/** How many rows one call adds, and how many calls share a transaction. */
const batchSize = 1000;
const batchesTogether = 20;

/** The names of those rare values that have one. */
export const rare = {
  tag: 'fossil',
  /** A team, and a department that has only this team. */
  team: 'Archive',
  project: 'Museum',
  /** A word in titles. */
  word: 'zirconium',
  /** A word in descriptions. */
  longWord: 'donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
} as const;

interface Around extends Surroundings {
  owner: Actor;
  /** The people who create tasks. */
  authors: readonly Actor[];
  /** The only tasks of this person are the rare ones. */
  rareAssignee: Actor;
  /** This person has created only the rare tasks. */
  rareAuthor: Actor;
}

type Change = (task: WholeTask) => Partial<WholeTask>;

/** Creates what rare values refer to, and the common project. Returns the changes that give a task each rare value. */
async function prepareRare({ owner, rareAssignee, rareAuthor, teamIds }: Around, at: Date, now: Date) {
  const { id: tagId } = await createTag(owner.ctx(), { name: rare.tag, color: '#8a7f6b' });
  const { id: departmentId } = await createDepartment(owner.ctx(), { name: rare.team, parentId: null });
  const { id: teamId } = await createTeam(owner.ctx(), { name: rare.team, departmentId });
  const projectOf = (key: string, name: string) => createProject(owner.ctx(at), { key, name });
  const [{ id: projectId }, { id: commonProjectId }] = [
    await projectOf('RARE', rare.project),
    await projectOf('DAILY', 'Daily work'),
  ];
  const parentOf = (title: string) => createTask(owner.ctx(at), { title, teamId: teamIds[0] ?? null });
  const [{ id: parentId }, { id: commonParentId }] = [await parentOf('Small project'), await parentOf('Large project')];
  const changes: readonly Change[] = [
    () => ({ assigneeIds: [rareAssignee.userId] }),
    () => ({ createdById: rareAuthor.userId }),
    ({ tagIds }) => ({ tagIds: [...tagIds.slice(1), tagId] }),
    () => ({ teamId }),
    () => ({ parentId, projectId: null }),
    () => ({ projectId }),
    () => ({ status: 'archived' }),
    () => ({ priority: 'urgent' }),
    () => ({ dueDate: '2001-01-01T00:00:00.000Z', status: 'done' }),
    () => ({ dueDate: '2099-01-01T00:00:00.000Z' }),
    ({ title }) => ({ title: `${title} ${rare.word}` }),
    () => ({ description: rare.longWord }),
    () => ({ deletedAt: now.toISOString() }),
  ];
  return { changes, commonParentId, commonProjectId };
}

export interface How {
  random: Random;
  now: Date;
  /** Called with the number of tasks that were added. */
  done: (count: number) => void;
  /** Called between two transactions when many rows have been added. */
  grown: () => Promise<void>;
}

/** Adds tasks by large statements. */
export async function addManyTasks(around: Around, tasks: number, { random, now, done, grown }: How): Promise<void> {
  const created = historyOf(random, tasks, now);
  const { changes, commonParentId, commonProjectId } = await prepareRare(around, created(-1), now);
  const common = { person: around.owner.userId, tag: around.tags[0]?.id ?? '' };
  // Two of the tasks exist already: the two parents.
  const count = Math.max(0, tasks - 2);
  done(2);
  const rareCount = Math.min(rareTasks, Math.floor(count / (2 * changes.length)));
  const step = Math.floor(count / Math.max(rareCount, 1));
  const rareChange = (number: number): Change | undefined =>
    number < rareCount * step ? changes[number % step] : undefined;

  const make = (number: number, authorId: string): WholeTask => {
    const at = created(number);
    const {
      assigneeIds,
      tagIds,
      dueDate = null,
      description = null,
      estimatedHours = null,
      actualHours = null,
      ...made
    } = madeUpTask(random, at, around);
    // Most tasks whose due date has passed are done.
    const isOver = dueDate !== null && new Date(dueDate) < now && random.chance(0.98);
    const status = isOver || made.status === 'archived' ? 'done' : made.status;
    const priority = made.priority === 'urgent' ? 'high' : made.priority;
    const usual: WholeTask = {
      teamId: null,
      ...made,
      id: uuidv7(),
      // Some titles have a word of their own, such as a number that somebody mentions.
      title: random.chance(0.3) ? `${made.title} ${random.below(1_000_000)}` : made.title,
      description,
      dueDate,
      estimatedHours,
      actualHours: status === 'done' ? (actualHours ?? hours(random)) : null,
      status,
      priority,
      // Subtasks are where their parent is, outside of projects.
      parentId: number % 10 === 3 ? commonParentId : null,
      projectId: number % 2 === 0 ? commonProjectId : null,
      createdAt: at.toISOString(),
      createdById: authorId,
      deletedAt: null,
      assigneeIds: number % 2 === 0 ? [common.person] : assigneeIds,
      tagIds: number % 2 === 0 ? [...new Set([common.tag, ...tagIds])].slice(0, 2) : tagIds,
    };
    return { ...usual, ...rareChange(number)?.(usual) };
  };

  for (let next = 0, end = 0; next < count; next = end) {
    const actor = random.pick(around.authors);
    // The first transaction is short, because the others would be slow with plans of an empty table.
    end = Math.min(count, next + batchSize * (next === 0 ? 1 : batchesTogether));
    await inOneTransaction(actor.ctx(), async (join) => {
      for (let number = next; number < end; number += batchSize) {
        const size = Math.min(batchSize, end - number);
        const batch = Array.from({ length: size }, (_, index) => make(number + index, actor.userId));
        await addTasks(join(actor.ctx(new Date(batch[0]?.createdAt ?? now))), batch);
        done(size);
      }
    });
    if (end === batchSize) await grown();
  }
}

/** One member in so many is suspended, and one in so many has left. */
const suspendedEvery = 500;
const endedEvery = 10;

interface Crowd extends Pick<Around, 'owner' | 'teamIds'> {
  role: Pick<HeldRole, 'id' | 'key'>;
  /** The domain of their e-mail addresses. */
  domain: string;
  password: string;
}

/** Adds members by large statements. Returns those who can be assigned tasks. */
export async function addManyMembers(
  { owner, teamIds, role, domain, password }: Crowd,
  members: number,
  { random, now, grown }: How,
): Promise<{ userId: string }[]> {
  const joined = historyOf(random, members, now);
  const statusOf = (number: number) =>
    number % suspendedEvery === 1 ? 'suspended' : number % endedEvery === 2 ? 'ended' : 'active';
  const people = Array.from({ length: members }, (_, number): WholeMember => ({
    id: uuidv7(),
    email: `person-${number}@${domain}`,
    fullName: personName(random),
    createdAt: joined(number).toISOString(),
    status: statusOf(number),
    role,
    teamId: teamIds[number % teamIds.length] ?? null,
  }));
  for (let first = 0; first < people.length; first += batchSize)
    await addMembersAtOnce(owner.ctx(), people.slice(first, first + batchSize), password);
  await grown();
  return people.flatMap(({ id, status }) => (status === 'active' ? [{ userId: id }] : []));
}
