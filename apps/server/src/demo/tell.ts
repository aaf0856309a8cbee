import {
  addDependency,
  addDepartmentMember,
  addProjectMember,
  addTeamMember,
  bulkCreateTasks,
  bulkUpdateTasks,
  createComment,
  createDepartment,
  createProject,
  createTag,
  createTeam,
  type IncomingFile,
  type TaskStatus,
  uploadAttachment,
  uploadToProject,
} from '@tenon/core';
import type { Actor } from '../seed/people.ts';
import { projects, type StoryFile, type StoryProject, type StoryTask, tags, teams, type Who } from './story.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

type Cast = Readonly<Record<Who, Actor>>;

/** Something that somebody did. What the same person did at the same time is one call, where there is a call for many tasks. */
type Act = { at: number; who: Who; task: StoryTask } & (
  | { kind: 'create'; place: Place }
  | { kind: 'move'; status: TaskStatus }
  | { kind: 'comment'; body: string }
  | { kind: 'wait'; for: string }
  | { kind: 'attach'; file: StoryFile }
);

interface Place {
  projectId: string;
  teamId: string | undefined;
}

const fileOf = ({ fileName, mediaType, text }: StoryFile): IncomingFile => ({
  bodyBytes: null,
  receive: (use) =>
    use({
      name: fileName,
      mediaType,
      content: (async function* () {
        yield Buffer.from(text);
      })(),
    }),
});

/** Creates a department with everybody in it, and its teams. Returns the ids of the teams. */
async function createTeams(cast: Cast): Promise<Map<string, string>> {
  const owner = cast.demo;
  const { id: departmentId } = await createDepartment(owner.ctx(), {
    name: 'Operations',
    description: 'Everything between the order and the parcel.',
    headUserId: cast.ines.userId,
  });
  for (const { userId } of Object.values(cast)) await addDepartmentMember(owner.ctx(), { id: departmentId, userId });
  const ids = new Map<string, string>();
  for (const [key, { name, members }] of Object.entries(teams)) {
    const { id } = await createTeam(owner.ctx(), { name, departmentId });
    for (const who of members) await addTeamMember(owner.ctx(), { id, userId: cast[who].userId });
    ids.set(key, id);
  }
  return ids;
}

/** Tells the story of the demo organization: everybody does on their days what they did. */
export async function tellStory(cast: Cast, now: Date): Promise<void> {
  const owner = cast.demo;
  const at = (daysAgo: number, minute: number) =>
    Math.floor((now.getTime() - daysAgo * dayMs) / dayMs) * dayMs + minute * minuteMs;
  const inDays = (days: number) => new Date(now.getTime() + days * dayMs).toISOString();
  const tagIds = new Map<string, string>();
  for (const [name, color] of Object.entries(tags))
    tagIds.set(name, (await createTag(owner.ctx(), { name, color })).id);
  const teamIds = await createTeams(cast);

  const startProject = async ({
    lead,
    members,
    startedDaysAgo,
    targetInDays,
    file,
    team,
    tasks,
    ...fields
  }: StoryProject) => {
    const began = new Date(at(startedDaysAgo, 8 * 60));
    const { id: projectId } = await createProject(owner.ctx(began), {
      ...fields,
      leadId: cast[lead].userId,
      startDate: began.toISOString(),
      targetDate: inDays(targetInDays),
    });
    for (const who of members) await addProjectMember(owner.ctx(began), { projectId, userId: cast[who].userId });
    if (file) await uploadToProject(owner.ctx(began), { projectId }, fileOf(file));
    return tasks.flatMap((task) => actsOf(task, { projectId, teamId: teamIds.get(team) }));
  };

  const actsOf = (task: StoryTask, place: Place): Act[] => {
    const { begun, by: who, moves = [], comments = [], file, partOf, waitsFor } = task;
    // Subtasks after their parents.
    const created = at(begun, 9 * 60 + (partOf === undefined ? 0 : 10));
    return [
      { kind: 'create', at: created, who, task, place },
      ...(file ? [{ kind: 'attach' as const, at: created + 15 * minuteMs, who, task, file }] : []),
      ...(waitsFor === undefined
        ? []
        : [{ kind: 'wait' as const, at: created + 20 * minuteMs, who, task, for: waitsFor }]),
      ...moves.map(([day, mover, status], index) => ({
        kind: 'move' as const,
        at: at(day, 10 * 60 + 30 * index),
        who: mover,
        task,
        status,
      })),
      ...comments.map(([day, author, body], index) => ({
        kind: 'comment' as const,
        at: at(day, 13 * 60 + 25 * index),
        who: author,
        task,
        body,
      })),
    ];
  };

  const ids = new Map<StoryTask | string, string>();
  const idOf = (task: StoryTask | string): string => {
    const id = ids.get(task);
    if (id === undefined) throw new Error(`There is no task ${typeof task === 'string' ? task : task.title} yet.`);
    return id;
  };

  const create = async (ctx: ReturnType<Actor['ctx']>, acts: readonly (Act & { kind: 'create' })[]) => {
    const items = acts.map(({ task, place }) => ({
      ...place,
      title: task.title,
      description: task.description,
      priority: task.priority,
      estimatedHours: task.estimatedHours,
      dueDate: task.dueInDays === undefined ? null : inDays(task.dueInDays),
      parentId: task.partOf === undefined ? null : idOf(task.partOf),
      assigneeIds: task.assignees.map((who) => cast[who].userId),
      tagIds: (task.tags ?? []).flatMap((name) => tagIds.get(name) ?? []),
    }));
    const outcomes = await bulkCreateTasks(ctx, { items, mode: 'atomic' });
    for (const [index, { task }] of acts.entries()) {
      const id = outcomes[index]?.id ?? '';
      ids.set(task, id).set(task.name ?? task.title, id);
    }
  };

  const move = (ctx: ReturnType<Actor['ctx']>, acts: readonly (Act & { kind: 'move' })[]) =>
    bulkUpdateTasks(ctx, {
      items: acts.map(({ task, status }) => ({
        id: idOf(task),
        status,
        ...(status === 'done' && { actualHours: task.actualHours ?? null }),
      })),
      mode: 'atomic',
    });

  const acts: Act[] = [];
  for (const project of projects) acts.push(...(await startProject(project)));
  acts.sort((one, other) => one.at - other.at);
  const isKind =
    <Kind extends Act['kind']>(kind: Kind) =>
    (act: Act): act is Act & { kind: Kind } =>
      act.kind === kind;
  for (const together of Map.groupBy(acts, (act) => `${act.at} ${act.who}`).values()) {
    const [first] = together;
    if (!first) continue;
    const ctx = () => cast[first.who].ctx(new Date(first.at));
    const [created, moved] = [together.filter(isKind('create')), together.filter(isKind('move'))];
    if (created.length > 0) await create(ctx(), created);
    if (moved.length > 0) await move(ctx(), moved);
    for (const { task, file } of together.filter(isKind('attach')))
      await uploadAttachment(ctx(), { taskId: idOf(task) }, fileOf(file));
    for (const { task, for: other } of together.filter(isKind('wait')))
      await addDependency(ctx(), { id: idOf(task), otherId: idOf(other) });
    for (const { task, body } of together.filter(isKind('comment')))
      await createComment(ctx(), { taskId: idOf(task), body });
  }
}
