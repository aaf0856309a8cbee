import {
  addDependency,
  createComment,
  createPlatform,
  listDepartments,
  listMembers,
  listTags,
  listTasks,
  listTeams,
  login,
  MemberListInput,
  type Platform,
  type ServiceContext,
  type Task,
  TaskListInput,
  updateTask,
} from '@tenon/core';
import { addTestJobs } from '@tenon/core/testing';
import { encryptionKey, publicUrl, secretKey } from '../databases.ts';
import type { LargeDatabase, Size } from './databases.ts';

/** The ids that the cases need: of each kind one that about half of the tasks have, and one that twenty tasks have. */
interface Ids {
  person: string;
  tag: string;
  team: string;
  department: string;
  parent: string;
}

export interface Scene {
  platform: Platform;
  organizationId: string;
  /** The owner, who sees everything. */
  ctx: ServiceContext;
  common: Ids;
  rare: Ids;
  rareAuthor: string;
  /** A task with more events and comments than a page has. */
  busyTask: string;
  rareTask: string;
  now: Date;
}

/** The password of all seeded people, and the names of the rare values. */
const seeded = { password: 'seeded-maple-lantern-42', tag: 'fossil', team: 'Archive' } as const;

/** How many events and comments the busy task gets. */
const busyTimes = 150;

function one<Item>(items: readonly Item[], what: string): Item {
  const [item] = items;
  if (item === undefined) throw new Error(`The seed has made no ${what}.`);
  return item;
}

async function idsIn(ctx: ServiceContext, names: { tag: string; team: string; department: string }) {
  const page = { limit: 100, total: false, sort: 'name' } as const;
  const named = async (list: Promise<{ data: readonly { id: string; name: string }[] }>, name: string) =>
    one(
      (await list).data.filter((item) => item.name === name),
      name,
    ).id;
  return {
    tag: await named(listTags(ctx, page), names.tag),
    team: await named(listTeams(ctx, { ...page, subtree: false }), names.team),
    department: await named(listDepartments(ctx, page), names.department),
  };
}

export async function openScene({ settings, owner, grown }: LargeDatabase, size: Size): Promise<Scene> {
  const { DATABASE_URL: databaseUrl = '', DATA_DIR: dataDirectory = '' } = settings;
  const platform = await createPlatform({
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
  const signedIn = await login(
    platform.context({ principal: null }),
    { login: owner, password: seeded.password, tokenTransport: 'body' },
    { userAgent: null, refreshCookie: null, setRefreshCookie: () => {} },
  );
  const principal = await platform.principal(await platform.authenticate(signedIn.accessToken), 'required');
  const ctx = platform.context({ principal });
  const organizationId = principal.organizationId ?? '';

  const list = (input: Partial<TaskListInput>) => listTasks(ctx, TaskListInput.parse(input));
  const memberWith = async (role: string): Promise<string> => {
    const search = `${role}@`;
    const { data } = await listMembers(ctx, MemberListInput.parse({ organizationId, search }));
    return one(data, role).user.id;
  };
  const { data: first } = await list({ sort: 'number', limit: 3 });
  const project = (title: string): Task =>
    one(
      first.filter((task) => task.title === title),
      title,
    );
  const busyTask = project('Large project').id;
  for (let time = 0; time < busyTimes; time++) {
    await updateTask(ctx, { id: busyTask, description: `Edition ${time}` });
    await createComment(ctx, { id: busyTask, body: `Remark ${time}` });
  }
  const rareTask = project('Small project').id;
  for (const { id } of (await list({ limit: 20 })).data) await addDependency(ctx, { id, otherId: rareTask });
  await addTestJobs(platform, organizationId, size.jobs);
  await grown();
  return {
    platform,
    organizationId,
    ctx,
    common: {
      person: principal.userId,
      parent: busyTask,
      ...(await idsIn(ctx, { tag: 'bug', team: 'Dispatch', department: 'Operations' })),
    },
    rare: {
      person: await memberWith('viewer'),
      parent: rareTask,
      ...(await idsIn(ctx, { ...seeded, department: seeded.team })),
    },
    rareAuthor: await memberWith('member'),
    busyTask,
    rareTask,
    now: platform.clock.now(),
  };
}
