import {
  addDependency,
  createComment,
  createPlatform,
  createProject,
  createRoleAssignment,
  deleteRoleAssignment,
  listDepartments,
  listMembers,
  listProjects,
  listRoleAssignments,
  listRoles,
  listTags,
  listTasks,
  listTeams,
  login,
  MemberListInput,
  type Platform,
  ProjectListInput,
  type RoleAssignmentCreate,
  type ServiceContext,
  type Task,
  TaskListInput,
  updateTask,
} from '@tenon/core';
import { addTestJobs } from '@tenon/core/testing';
import { encryptionKey, publicUrl, secretKey } from '../databases.ts';
import type { LargeDatabase } from './databases.ts';
import type { Size } from './rows.ts';

/** The ids that the cases need: of each kind one that about half of the tasks have, and one that twenty tasks have. */
interface Ids {
  person: string;
  tag: string;
  /** Another tag, which some of the tasks have too. */
  otherTag: string;
  team: string;
  department: string;
  parent: string;
  project: string;
}

/** People who see a part of the tasks. */
export const limitedPeople = ['developer', 'teamMember', 'rareTeamMember', 'rareProjectMember'] as const;
export type LimitedPerson = (typeof limitedPeople)[number];

export interface Scene extends Readonly<Record<LimitedPerson, ServiceContext>> {
  platform: Platform;
  organizationId: string;
  /** The owner, who sees everything. */
  ctx: ServiceContext;
  /** A person who sees everything, but has only twenty tasks. */
  viewer: ServiceContext;
  common: Ids;
  rare: Ids;
  rareAuthor: string;
  /** A task with more events, comments and files than a page has. */
  busyTask: string;
  rareTask: string;
  /** The newest tasks. */
  newest: readonly string[];
  now: Date;
}

/** The password of all seeded people, and the names of the rare values. */
const seeded = { password: 'seeded-maple-lantern-42', tag: 'fossil', team: 'Archive', project: 'Museum' } as const;

/** How many events and comments the busy task gets. */
const busyTimes = 150;

/** How many projects have a rare lead, a rare status and a rare word in their names. */
const rareProjects = 20;

function one<Item>(items: readonly Item[], what: string): Item {
  const [item] = items;
  if (item === undefined) throw new Error(`The seed has made no ${what}.`);
  return item;
}

async function idsIn(
  ctx: ServiceContext,
  names: Readonly<Record<'tag' | 'otherTag' | 'team' | 'department' | 'project', string>>,
) {
  const page = { limit: 100, total: false, sort: 'name' } as const;
  const named = async (list: Promise<{ data: readonly { id: string; name: string }[] }>, name: string) =>
    one(
      (await list).data.filter((item) => item.name === name),
      name,
    ).id;
  return {
    tag: await named(listTags(ctx, page), names.tag),
    otherTag: await named(listTags(ctx, page), names.otherTag),
    team: await named(listTeams(ctx, { ...page, subtree: false }), names.team),
    department: await named(listDepartments(ctx, page), names.department),
    project: await named(listProjects(ctx, ProjectListInput.parse({ search: names.project })), names.project),
  };
}

/** Creates projects without tasks. Twenty of them have rare values. */
async function addProjects(ctx: ServiceContext, count: number, rareLead: string): Promise<void> {
  const step = Math.floor(count / rareProjects);
  for (let number = 0; number < count; number++) {
    const isRare = number % step === 0;
    await createProject(ctx, {
      key: `P${number}`,
      name: `${isRare ? 'Quarry' : 'Plan'} ${number}`,
      status: isRare ? 'cancelled' : 'active',
      ...(isRare ? { leadId: rareLead, visibility: 'private' } : {}),
    });
  }
}

/** Gives a member one role instead of those that they have. */
async function giveRole(ctx: ServiceContext, userId: string, key: string, scope: RoleAssignmentCreate['scope']) {
  const page = { limit: 100, total: false, sort: '-createdAt' } as const;
  const { data: before } = await listRoleAssignments(ctx, { ...page, user: [userId] });
  const role = one(
    (await listRoles(ctx, page)).data.filter((known) => known.key === key),
    key,
  );
  await createRoleAssignment(ctx, { userId, roleId: role.id, scope, validTo: null });
  for (const { id } of before) await deleteRoleAssignment(ctx, { id });
}

/** Signs somebody in. */
async function contextOf(platform: Platform, email: string): Promise<ServiceContext> {
  const signedIn = await login(
    platform.context({ principal: null }),
    { login: email, password: seeded.password, tokenTransport: 'body' },
    { userAgent: null, refreshCookie: null, setRefreshCookie: () => {} },
  );
  const principal = await platform.principal(await platform.authenticate(signedIn.accessToken), 'required');
  return platform.context({ principal });
}

/** Starts the platform on a database. */
function openPlatform({ settings }: LargeDatabase): Promise<Platform> {
  const { DATABASE_URL: databaseUrl = '', DATA_DIR: dataDirectory = '' } = settings;
  return createPlatform({
    production: false,
    publicUrl,
    corsOrigins: [],
    dataDirectory,
    secretKey,
    encryptionKeys: [encryptionKey],
    accessTokenMinutes: 600,
    refreshTokenDays: 3,
    requireVerifiedEmail: true,
    passwordMinLength: 8,
    attemptsPerAddress: 1000,
    databaseUrl,
  });
}

/** What the services find in a large organization. */
function finders(ctx: ServiceContext) {
  const organizationId = ctx.principal?.organizationId ?? '';
  const list = async (input: Partial<TaskListInput>) => (await listTasks(ctx, TaskListInput.parse(input))).data;
  return {
    organizationId,
    memberWith: async (search: string): Promise<string> => {
      const { data } = await listMembers(ctx, MemberListInput.parse({ organizationId, search }));
      return one(data, search).user.id;
    },
    parents: async () => {
      const first = await list({ sort: 'number', limit: 3 });
      const parent = (title: string): Task =>
        one(
          first.filter((task) => task.title === title),
          title,
        );
      return { busyTask: parent('Large project').id, rareTask: parent('Small project').id };
    },
    newest: async (limit: number) => (await list({ limit })).map(({ id }) => id),
    idsOf: (common: boolean) =>
      idsIn(
        ctx,
        common
          ? { tag: 'bug', otherTag: 'feature', team: 'Dispatch', department: 'Operations', project: 'Daily work' }
          : { ...seeded, otherTag: 'bug', department: seeded.team },
      ),
  };
}

/** The numbers of the members who get a role in a part of the organization. */
const limitedNumbers: Readonly<Record<LimitedPerson, number>> = {
  developer: 3,
  teamMember: 4,
  rareTeamMember: 5,
  rareProjectMember: 6,
};

const emailOf = (owner: string, name: string): string => owner.replace('owner@', `${name}@`);

/** Adds what neither the seed nor `moreRows` makes, by services. Call it once. */
export async function addWork(database: LargeDatabase, size: Size): Promise<void> {
  const { owner } = database;
  const platform = await openPlatform(database);
  try {
    const ctx = await contextOf(platform, owner);
    const { organizationId, memberWith, parents, newest, idsOf } = finders(ctx);
    const { busyTask, rareTask } = await parents();
    for (let time = 0; time < busyTimes; time++) {
      await updateTask(ctx, { id: busyTask, description: `Edition ${time}` });
      await createComment(ctx, { taskId: busyTask, body: `Remark ${time}` });
    }
    for (const id of await newest(20)) await addDependency(ctx, { id, otherId: rareTask });
    await addProjects(ctx, size.projects, await memberWith('viewer@'));
    const [common, rare] = [await idsOf(true), await idsOf(false)];
    const roles: Readonly<Record<LimitedPerson, readonly [string, RoleAssignmentCreate['scope']]>> = {
      developer: ['developer', { kind: 'organization' }],
      teamMember: ['member', { kind: 'team', id: common.team }],
      rareTeamMember: ['member', { kind: 'team', id: rare.team }],
      rareProjectMember: ['member', { kind: 'project', id: rare.project }],
    };
    for (const person of limitedPeople) {
      const userId = await memberWith(emailOf(owner, `person-${limitedNumbers[person]}`));
      await giveRole(ctx, userId, ...roles[person]);
    }
    await addTestJobs(platform, organizationId, size.jobs);
    await platform.foldFigures();
  } finally {
    await platform.close();
  }
  await database.grown();
}

export async function openScene(database: LargeDatabase): Promise<Scene> {
  const { owner } = database;
  const platform = await openPlatform(database);
  const ctx = await contextOf(platform, owner);
  const { organizationId, memberWith, parents, newest, idsOf } = finders(ctx);
  const { busyTask, rareTask } = await parents();
  const limited = (person: LimitedPerson) => contextOf(platform, emailOf(owner, `person-${limitedNumbers[person]}`));
  return {
    platform,
    organizationId,
    ctx,
    viewer: await contextOf(platform, emailOf(owner, 'viewer')),
    developer: await limited('developer'),
    teamMember: await limited('teamMember'),
    rareTeamMember: await limited('rareTeamMember'),
    rareProjectMember: await limited('rareProjectMember'),
    common: { person: ctx.principal?.userId ?? '', parent: busyTask, ...(await idsOf(true)) },
    rare: { person: await memberWith('viewer@'), parent: rareTask, ...(await idsOf(false)) },
    rareAuthor: await memberWith('member@'),
    busyTask,
    rareTask,
    newest: await newest(100),
    now: platform.clock.now(),
  };
}
