import {
  accessTokenOf,
  createMeteredPlatform,
  createOrganization,
  dialects,
  givePassword,
  type MeteredPlatform,
  TestClock,
  type TestDialect,
} from '@tenon/core/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverOptions, tenonApi } from '../plugin.ts';
import { type Budget, isNear, readBudgets, writeBudgets } from './testing/budgets.ts';
import type { InputOf, OperationName, OutputOf } from './testing/operation-types.ts';
import { operations } from './testing/scene.ts';
import { callOver } from './testing/wire.ts';

/*
 * Compares what the main operations ask of the database with budgets.json. These numbers do not depend on the load of the machine, so an
 * additional statement is seen here even when no benchmark could show it. docs/budgets.md says how to raise a budget.
 */

const budgets = readBudgets();
const writing = process.env['WRITE_BUDGETS'] !== undefined;

const hint = 'If this is meant, docs/budgets.md says how to write the table again.';

const repetitions = 3;
/** How many calls come first and are not counted. They prepare statements, fill caches, and sign in as often as sessions are allowed. */
const firstCalls = 4;

interface Caller {
  call<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
}

/** What the calls work on: an organization with 60 tasks, each with an assignee and two tags. */
interface Office extends Caller {
  platform: MeteredPlatform;
  memberId: string;
  organizationId: string;
  /** The role that people are invited with. */
  viewerId: string;
  tagIds: readonly string[];
  taskIds: readonly string[];
  /** Of the member, who signs in. The owner makes the other calls. */
  email: string;
  password: string;
  /** The answer to the last sign-in of the member, or to its refresh. */
  session: { refreshToken?: string | undefined } | null;
}

/** Prepares a call and returns it. The preparation is not counted. */
type Scenario = (office: Office, turn: number) => Promise<() => Promise<unknown>> | (() => Promise<unknown>);

const at = <Item>(items: readonly Item[], position: number): Item => {
  const item = items[position % items.length];
  if (item === undefined) throw new Error('The list is empty.');
  return item;
};

const nextTask = ({ memberId, tagIds }: Office, turn: number) => ({
  title: `Prepare the quarterly report for region ${turn}`,
  assigneeIds: [memberId],
  tagIds: [at(tagIds, turn), at(tagIds, turn + 1)],
});

const credentials = ({ email, password }: Office) => ({
  login: email,
  password,
  deviceId: 'laptop',
  tokenTransport: 'body' as const,
});

const scenarios: Readonly<Record<string, Scenario>> = {
  'tasks.list': (office) => () => office.call('tasks.list', { status: ['todo'], limit: 50 }),
  'tasks.list, search': (office) => () => office.call('tasks.list', { search: 'quarterly', limit: 50 }),
  'tasks.get': (office, turn) => () => office.call('tasks.get', { id: at(office.taskIds, turn) }),
  'tasks.create': (office, turn) => () => office.call('tasks.create', nextTask(office, turn)),
  'tasks.update': (office, turn) => () =>
    office.call('tasks.update', { id: at(office.taskIds, turn), status: 'in_progress' }),
  'tasks.delete': async (office, turn) => {
    const { id } = await office.call('tasks.create', nextTask(office, turn));
    return () => office.call('tasks.delete', { id });
  },
  'tasks.restore': async (office, turn) => {
    const { id } = await office.call('tasks.create', nextTask(office, turn));
    await office.call('tasks.delete', { id });
    return () => office.call('tasks.restore', { id });
  },
  'tasks.listActivity': (office) => () => office.call('tasks.listActivity', { id: at(office.taskIds, 30) }),
  'activity.list': (office) => () => office.call('activity.list', { limit: 50 }),
  'activity.list, a frequent type': (office) => () => office.call('activity.list', { type: ['task.created'] }),
  'analytics.tasks': (office) => () => office.call('analytics.tasks', {}),
  'analytics.mine': (office) => () => office.call('analytics.mine', {}),
  'comments.create': (office) => () =>
    office.call('comments.create', { taskId: at(office.taskIds, 31), body: 'The third shelf is new.' }),
  'comments.list': (office) => () => office.call('comments.list', { taskId: at(office.taskIds, 30) }),
  'tags.create': (office, turn) => () => office.call('tags.create', { name: `Fragile ${turn}`, color: '#112233' }),
  'teams.list': (office) => () => office.call('teams.list', {}),
  'members.list': (office) => () => office.call('members.list', { organizationId: office.organizationId }),
  'auth.login': (office) => () => office.call('auth.login', credentials(office)),
  'auth.refresh': async (office, turn) => {
    if (turn === 0) office.session = await office.call('auth.login', credentials(office));
    const { refreshToken = '' } = office.session ?? {};
    return async () => (office.session = await office.call('auth.refresh', { refreshToken }));
  },
  'auth.me': (office) => () => office.call('auth.me', {}),
  // It looks for due jobs, claims the only one, runs it, completes it, and looks again.
  'a mail, from the claim of its job to its end': async (office, turn) => {
    const { platform, organizationId, viewerId } = office;
    await platform.runDueJobs();
    const email = `person-${turn}@example.com`;
    await office.call('members.add', { organizationId, email, roleIds: [viewerId] });
    await platform.sealer.sealCommitted();
    return async () => expect(await platform.runDueJobs()).toBe(1);
  },
};

async function openOffice(dialect: TestDialect): Promise<{ office: Office; app: FastifyInstance }> {
  // The clock does not move, so no cached value expires in the middle.
  const platform = await createMeteredPlatform(dialect, { clock: new TestClock() });
  const app = Fastify(serverOptions);
  await app.register(tenonApi, { platform });
  const organization = await createOrganization(platform);
  const { userId: memberId, email } = await organization.addMember('member');
  const [token, password] = [await accessTokenOf(platform, organization.owner), await givePassword(platform, memberId)];
  const call: Caller['call'] = async <Name extends OperationName>(name: Name, input: InputOf<Name>) => {
    const operation = operations.get(name);
    if (!operation) throw new Error(`There is no operation ${name}.`);
    const { data, problem } = await callOver(app, 'rest', name, operation, input ?? {}, { token });
    if (problem) throw new Error(`${name} was answered ${JSON.stringify(problem)}`);
    return data as OutputOf<Name>;
  };
  const tagIds: string[] = [];
  for (const name of ['Urgent', 'Fragile', 'Heavy'])
    tagIds.push((await call('tags.create', { name, color: '#336699' })).id);
  for (const name of ['Docks', 'Depot']) await call('teams.create', { name });
  const taskIds: string[] = [];
  const office: Office = {
    platform,
    call,
    memberId,
    organizationId: organization.id,
    viewerId: organization.roleIds.viewer,
    tagIds,
    taskIds,
    email,
    password,
    session: null,
  };
  for (let turn = 0; turn < 60; turn++) taskIds.push((await call('tasks.create', nextTask(office, turn))).id);
  await call('comments.create', { taskId: at(taskIds, 30), body: 'The third shelf is new.' });
  return { office, app };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Makes a call several times. Each must cost the same, except the bytes: their median counts, because a page splits now and then. */
async function costOf(office: Office, scenario: Scenario): Promise<Budget> {
  const costs: Budget[] = [];
  for (let turn = 0; turn < firstCalls + repetitions; turn++) {
    const call = await scenario(office, turn);
    const { roundTrips: _, ...cost } = await office.platform.cost(call);
    if (turn >= firstCalls) costs.push(cost);
  }
  const bytes = median(costs.map((cost) => cost.bytes));
  const [first, ...others] = costs.map((cost) => ({ ...cost, bytes }));
  if (!first) throw new Error('Nothing was counted.');
  for (const other of others) expect(other).toEqual(first);
  return first;
}

describe.each(dialects)('the budgets on %s', (dialect) => {
  let office: Office;
  let app: FastifyInstance;
  const measured = new Map<string, Budget>();
  beforeAll(async () => {
    ({ office, app } = await openOffice(dialect));
  });
  afterAll(async () => {
    if (writing) process.stdout.write(writeBudgets(dialect, measured));
    await app.close();
    await office.platform.dispose();
  });

  it.each(Object.entries(scenarios))('%s', async (name, scenario) => {
    const cost = await costOf(office, scenario);
    measured.set(name, cost);
    if (writing) return;
    const budget = budgets[name]?.[dialect];
    expect({ ...cost, bytes: budget?.bytes }, `${name} costs something else. ${hint}`).toEqual(budget);
    expect(isNear(cost.bytes, budget?.bytes ?? -1), `${cost.bytes} bytes, not ${budget?.bytes}. ${hint}`).toBe(true);
  });
});

it.runIf(!writing)('every budget is of an operation that is tried', () => {
  expect(Object.keys(budgets).filter((name) => !Object.hasOwn(scenarios, name))).toEqual([]);
});
