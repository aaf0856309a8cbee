import type { TenonEvent } from './events.ts';

/** The part of TanStack Query's `QueryClient` that is needed. */
export interface QueryClientLike {
  /** Marks the queries as stale for which the predicate answers true, and fetches those that are shown. */
  invalidateQueries(filters: { predicate: (query: { queryKey: readonly unknown[] }) => boolean }): Promise<void>;
}

/** What else shows a kind of entity, apart from the operations that are named after it. `*` is shown by everything. */
const shownBy: Readonly<Record<string, readonly string[]>> = {
  task: ['projects', 'analytics', 'taskWatchers'],
  comment: ['tasks'],
  attachment: ['tasks'],
  tag: ['tasks'],
  project: ['tasks', 'projectMembers', 'analytics'],
  watcher: ['tasks', 'taskWatchers'],
  member: ['organizations', 'invitations', 'roleAssignments', 'access'],
  role: ['members', 'roleAssignments', 'access'],
  role_assignment: ['members', 'access'],
  team: ['tasks', 'departments', 'access'],
};

/** `role_assignment` is called by `roleAssignments.list`. */
const contextOf = (entityType: string): string => {
  const name = entityType.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Every text in a value, which may be an id. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (isObject(value)) for (const member of Object.values(value)) yield* textsIn(member);
}

/** The fields of inputs that name what a query is about: its own entity, or the one above it. */
const idFields = ['id', 'taskId', 'projectId', 'webhookId'];

/** The operation and the id of a query, by the key that tRPC gives it: `[['tasks', 'get'], { input: { id }, type }]`. */
function parse([path, options]: readonly unknown[]): { context: unknown; id: unknown } {
  const context: unknown = Array.isArray(path) ? path[0] : null;
  const input = isObject(options) && 'input' in options ? options.input : null;
  const field = isObject(input) ? idFields.find((name) => name in input) : undefined;
  return { context, id: isObject(input) && field !== undefined ? Reflect.get(input, field) : undefined };
}

/**
 * Says which queries show something that an event has changed: those about the same entity, lists of such entities, what belongs to it,
 * and the activity. A query for one entity by its id is left alone when the event does not name that id.
 */
export function touchedBy({ entity, parent, changes, data }: TenonEvent): (queryKey: readonly unknown[]) => boolean {
  const types = [entity.type, ...(parent ? [parent.type] : [])];
  const contexts = new Set(['activity', ...types.flatMap((type) => [contextOf(type), ...(shownBy[type] ?? [])])]);
  const ids = new Set([entity.id, parent?.id, ...textsIn(changes), ...textsIn(data)]);
  return (queryKey) => {
    const { context, id } = parse(queryKey);
    return typeof context === 'string' && contexts.has(context) && (typeof id !== 'string' || ids.has(id));
  };
}

/**
 * Lets TanStack Query fetch again what an event has touched. The keys of the queries are those of tRPC's `createTRPCOptionsProxy`.
 *
 * @example
 * for await (const event of subscribe(tenon)) await invalidateTouched(queryClient, event);
 */
export function invalidateTouched(queryClient: QueryClientLike, event: TenonEvent): Promise<void> {
  const isTouched = touchedBy(event);
  return queryClient.invalidateQueries({ predicate: ({ queryKey }) => isTouched(queryKey) });
}
