import type { Operation, Surface } from './options.ts';
import type { Rows } from './rows.ts';
import type { Organization, Person } from './scene.ts';

export interface BenchRequest {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

const statuses = ['todo', 'in_progress', 'in_review', 'done', 'archived'] as const;

/** Statuses that have more than a page of tasks in every organization. */
const listed = ['todo', 'in_progress', 'done'] as const;

/** The statuses that have more than a page of tasks in the project of every organization. */
const onBoard = ['todo', 'in_progress'] as const;

/** Words that some of the tasks have, in their titles or in their descriptions. */
const searched = ['customer', 'report', 'screenshots', 'friday'] as const;

/** How many tasks one bulk changes. */
export const bulkSize = 50;

/** How many different requests a run has, approximately. */
const rotation = 6000;
/** How often the requests of a run patch each task. */
const passes = 4;

type Build = (person: Person, input: Record<string, unknown>) => BenchRequest;

const read = (person: Person, path: string): BenchRequest => ({
  method: 'GET',
  path,
  headers: { authorization: `Bearer ${person.token}` },
});

const write = (method: 'POST' | 'PATCH', person: Person, path: string, body: unknown): BenchRequest => ({
  method,
  path,
  headers: { authorization: `Bearer ${person.token}`, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const parameters = (input: Record<string, unknown>): string =>
  new URLSearchParams(
    Object.fromEntries(Object.entries(input).map(([name, value]) => [name, String(value)])),
  ).toString();

const rest: Record<Operation, Build> = {
  list: (person, { status }) => read(person, `/api/v1/tasks?status=${String(status)}&limit=50`),
  get: (person, { id }) => read(person, `/api/v1/tasks/${String(id)}`),
  create: (person, input) => write('POST', person, '/api/v1/tasks', input),
  patch: (person, { id, ...fields }) => write('PATCH', person, `/api/v1/tasks/${String(id)}`, fields),
  search: (person, input) => read(person, `/api/v1/tasks?${parameters(input)}`),
  board: (person, input) => read(person, `/api/v1/tasks?${parameters(input)}`),
  activity: (person, input) => read(person, `/api/v1/activity?${parameters(input)}`),
  analytics: (person, input) => read(person, `/api/v1/analytics/tasks?${parameters(input)}`),
  bulk: (person, input) => write('POST', person, '/api/v1/tasks/bulk-update', input),
};

const query = (input: unknown): string => `input=${encodeURIComponent(JSON.stringify(input))}`;

const trpc: Record<Operation, Build> = {
  list: (person, { status }) => read(person, `/trpc/tasks.list?${query({ status: [status], limit: 50 })}`),
  get: (person, input) => read(person, `/trpc/tasks.get?${query(input)}`),
  create: (person, input) => write('POST', person, '/trpc/tasks.create', input),
  patch: (person, input) => write('POST', person, '/trpc/tasks.update', input),
  search: (person, input) => read(person, `/trpc/tasks.list?${query(input)}`),
  board: (person, { project, status, ...input }) =>
    read(person, `/trpc/tasks.list?${query({ ...input, project: [project], status: [status] })}`),
  activity: (person, { type, ...input }) => read(person, `/trpc/activity.list?${query({ ...input, type: [type] })}`),
  analytics: (person, input) => read(person, `/trpc/analytics.tasks?${query(input)}`),
  bulk: (person, input) => write('POST', person, '/trpc/tasks.bulkUpdate', input),
};

/** The ceiling has the REST interface only. */
export const builders: Record<Surface, Record<Operation, Build>> = { rest, trpc, ceiling: rest };

/** The status of a successful answer. */
export const expectedStatus = (surface: Surface, operation: Operation): number =>
  operation === 'create' && surface !== 'trpc' ? 201 : 200;

/** Returns an item of a list. Positions past the end start again at the beginning. */
function at<Item>(items: readonly Item[], position: number): Item {
  const item = items[position % items.length];
  if (item === undefined) throw new Error('The list is empty.');
  return item;
}

/** The input of the n-th request: people, tasks and tags alternate. */
export function inputOf(operation: Operation, organization: Organization, turn: number): Record<string, unknown> {
  if (operation === 'list') return { status: at(listed, turn) };
  if (operation === 'search') return { search: at(searched, turn), limit: 50 };
  if (operation === 'board')
    return { project: organization.projectId, status: at(onBoard, turn), sort: 'position', limit: 50 };
  if (operation === 'activity') return { type: 'task.created', before: organization.seededUntil, limit: 50 };
  if (operation === 'analytics') return { createdBefore: organization.seededUntil };
  if (operation === 'bulk')
    return { ids: organization.taskIds.slice(0, bulkSize), changes: { estimatedHours: 100 + turn } };
  if (operation === 'create')
    return {
      title: `Prepare the quarterly report for region ${turn}`,
      assigneeIds: [at(organization.memberIds, turn)],
      tagIds: [at(organization.tagIds, turn), at(organization.tagIds, turn + 1)],
    };
  return { id: at(organization.taskIds, turn * 7) };
}

/**
 * Makes the requests of every connection. A patch always changes something: each connection has its own tasks, and moves each to its
 * next status.
 */
export async function requestsOf(
  surface: Surface,
  operation: Operation,
  connections: number,
  organizations: readonly Organization[],
  rows: Rows,
): Promise<BenchRequest[][]> {
  const build = builders[surface][operation];
  const each = Math.max(40, Math.ceil(rotation / connections));
  if (operation === 'patch') return patches(build, connections, each, organizations, rows);
  if (operation === 'bulk') return bulks(build, connections, organizations);
  return Array.from({ length: connections }, (_, connection) =>
    Array.from({ length: each }, (_unused, index) => {
      // Requests that are sent at the same time are of different organizations.
      const turn = index * connections + connection;
      const organization = at(organizations, turn);
      const round = Math.floor(turn / organizations.length);
      return build(at(organization.people, round), inputOf(operation, organization, round));
    }),
  );
}

async function patches(
  build: Build,
  connections: number,
  each: number,
  organizations: readonly Organization[],
  rows: Rows,
): Promise<BenchRequest[][]> {
  const current = new Map(
    (await rows.all<{ id: string; status: string }>('select id, status from tasks')).map(({ id, status }) => [
      id,
      status,
    ]),
  );
  const tasks = Math.ceil(each / passes);
  return Array.from({ length: connections }, (_, connection) =>
    Array.from({ length: tasks * passes }, (_unused, index) => {
      const turn = connection * tasks + (index % tasks);
      const organization = at(organizations, turn);
      const round = Math.floor(turn / organizations.length);
      const id = at(organization.taskIds, round);
      const from = statuses.findIndex((status) => status === current.get(id));
      const status = at(statuses, from + 1 + Math.floor(index / tasks));
      return build(at(organization.people, round), { id, status });
    }),
  );
}

/** How many different bulks a connection sends. */
const bulksInTurn = 40;

/** Every bulk changes all of its tasks: each connection has its own tasks, and gives them other hours each time. */
function bulks(build: Build, connections: number, organizations: readonly Organization[]): BenchRequest[][] {
  // The last run has left other hours.
  const first = 1000 + (Math.floor(Date.now() / 1000) % 1000) * bulksInTurn;
  return Array.from({ length: connections }, (_, connection) => {
    const organization = at(organizations, connection);
    const { taskIds, people } = organization;
    const chunk = Math.floor(connection / organizations.length) % Math.floor(taskIds.length / bulkSize);
    const ids = taskIds.slice(chunk * bulkSize, (chunk + 1) * bulkSize);
    return Array.from({ length: bulksInTurn }, (_unused, index) =>
      build(at(people, index), { ids, changes: { estimatedHours: first + index } }),
    );
  });
}
