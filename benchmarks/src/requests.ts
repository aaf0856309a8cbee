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

const rest: Record<Operation, Build> = {
  list: (person, { status }) => read(person, `/api/v1/tasks?status=${String(status)}&limit=50`),
  get: (person, { id }) => read(person, `/api/v1/tasks/${String(id)}`),
  create: (person, input) => write('POST', person, '/api/v1/tasks', input),
  patch: (person, { id, ...fields }) => write('PATCH', person, `/api/v1/tasks/${String(id)}`, fields),
};

const query = (input: unknown): string => `input=${encodeURIComponent(JSON.stringify(input))}`;

const trpc: Record<Operation, Build> = {
  list: (person, { status }) => read(person, `/trpc/tasks.list?${query({ status: [status], limit: 50 })}`),
  get: (person, input) => read(person, `/trpc/tasks.get?${query(input)}`),
  create: (person, input) => write('POST', person, '/trpc/tasks.create', input),
  patch: (person, input) => write('POST', person, '/trpc/tasks.update', input),
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
