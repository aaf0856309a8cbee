import type { TRPCProcedureOptions } from '@trpc/client';
import { unwrap } from './failure.ts';
import { listOf, type Page } from './list.ts';
import type { MutationOptions } from './options.ts';

/** The half of tRPC's untyped client that calls need. */
export interface Caller {
  query(path: string, input: unknown, options: TRPCProcedureOptions): Promise<unknown>;
  mutation(path: string, input: unknown, options: TRPCProcedureOptions): Promise<unknown>;
}

/** An operation of `auth` that is not sent over tRPC. */
export type Override = (input: object, options?: MutationOptions) => Promise<unknown>;

/** At run time there is no router to ask. The names of queries begin so, and a test holds every operation to it. */
export const isQueryName = (name: string): boolean =>
  /^(?:(?:get|find|list|search|count|explain)(?![a-z])|me$)/.test(name);

/** Adds members to an object, each made when it is first asked for. What JavaScript itself looks for in an object is none. */
function membersOf<Member>(own: object, make: (name: string) => Member): object {
  const made = new Map<string, Member>();
  return new Proxy(own, {
    get(target, name): unknown {
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON' || name in target)
        return Reflect.get(target, name);
      const member = made.get(name) ?? make(name);
      made.set(name, member);
      return member;
    },
  });
}

/**
 * Adds every operation to an object, as `object[context][name](input, options)`.
 * @param overrides by operationId
 */
export function withCalls(own: object, caller: Caller, overrides: ReadonlyMap<string, Override>): object {
  const call = async (
    type: keyof Caller,
    path: string,
    input: unknown,
    options: MutationOptions = {},
  ): Promise<unknown> => {
    const { signal, ...context } = options;
    try {
      return await caller[type](path, input, { context, ...(signal && { signal }) });
    } catch (thrown) {
      signal?.throwIfAborted();
      throw unwrap(thrown);
    }
  };

  const operation = (path: string, name: string) => {
    const override = overrides.get(path);
    if (override) return (input: object = {}, options?: MutationOptions) => override(input, options);
    if (!isQueryName(name))
      return (input?: unknown, options?: MutationOptions) => call('mutation', path, input, options);
    return (input?: object, options?: MutationOptions) =>
      listOf((cursor) => {
        const page = call('query', path, cursor === undefined ? input : { ...input, cursor }, options);
        // Only lists are iterated: the types allow nothing else.
        return page as Promise<Page<unknown>>;
      });
  };
  return membersOf(own, (context) => membersOf({}, (name) => operation(`${context}.${name}`, name)));
}
