import { checkInput } from './inputs.ts';
import { listOf, type Page } from './list.ts';
import type { Upload } from './multipart.ts';
import type { MutationOptions, WaitOptions } from './options.ts';
import type { CallProcedure } from './procedures.ts';
import { type Arriving, callOf } from './responses.ts';

/** A call that is not one call of a procedure. */
export type Override = (input: object, options?: MutationOptions & WaitOptions & Arriving) => Promise<unknown>;

/** A call that sends nothing. */
export type Local = (input: never) => unknown;

/** Whether an operation is a query. There is no router at run time, so the name decides. A test checks every operation. */
export const isQueryName = (name: string): boolean =>
  /^(?:(?:get|find|list|search|count|explain)(?![a-z])|(?:head|me|mine|history|tasks|unreadCount|usage)$)/.test(name);

/** Adds members to an object, each created at its first use. Names that JavaScript itself looks up are not members. */
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
 * @param uploads by operationId
 * @param locals what sends nothing, by operationId
 */
export function withCalls(
  own: object,
  call: CallProcedure,
  overrides: ReadonlyMap<string, Override>,
  uploads: ReadonlyMap<string, Upload>,
  locals: ReadonlyMap<string, Local>,
): object {
  const operation = (path: string, name: string) => {
    const local = locals.get(path);
    if (local) return local;
    const upload = uploads.get(path);
    if (upload)
      return (...[target, file, options]: Parameters<Upload>) =>
        callOf((arrived) => upload(target, file, { ...options, arrived }));
    const override = overrides.get(path);
    if (override)
      return (input: object = {}, options?: MutationOptions) =>
        callOf(async (arrived) => {
          checkInput(path, input);
          return override(input, { ...options, arrived });
        });
    if (!isQueryName(name))
      return (input?: unknown, options?: MutationOptions) =>
        callOf((arrived) => call({ type: 'mutation', path, input, options: { ...options, arrived } }));
    return (input?: object, options?: MutationOptions) =>
      listOf((cursor, arrived) => {
        const asked = cursor === null ? input : { ...input, cursor };
        const page = call({ type: 'query', path, input: asked, options: { ...options, arrived } });
        // The types allow iterating only lists.
        return page as Promise<Page<unknown>>;
      });
  };
  return membersOf(own, (context) => membersOf({}, (name) => operation(`${context}.${name}`, name)));
}
