import type { IncomingMessage } from 'node:http';
import { ApiError } from '../errors.ts';
import { pointer } from '../pointer.ts';
import { restPrefix } from './answer.ts';

/** Names that older systems use for our paths. They answer; they are in no link and in no document. */
const renamed: readonly (readonly [RegExp, string])[] = [[/^\/items(?=[/?]|$)/, '/tasks']];

/**
 * For Fastify's option of this name: `/api/…` means `/api/v1/…`, and an alias its canonical path.
 *
 * @example rewriteUrl({ url: '/api/items/7?x=1' }) // '/api/v1/tasks/7?x=1'
 */
export function rewriteUrl({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const match = /^\/api(?:\/v1)?(?=[/?]|$)(.*)$/s.exec(url);
  if (!match) return url;
  const rest = renamed.reduce((path, [from, to]) => path.replace(from, to), match[1] ?? '');
  return restPrefix + rest;
}

/** A route that calls an operation with fields of its path in the body. */
export interface RouteAlias {
  method: 'POST';
  path: string;
  /** The operationId. */
  operation: string;
  /** The names in the operation's path by the alias' names for them. */
  fields: Readonly<Record<string, string>>;
}

export const routeAliases: readonly RouteAlias[] = [
  { method: 'POST', path: '/comments', operation: 'comments.create', fields: { taskId: 'id' } },
];

/** Takes the fields of the operation's path out of an alias' body. */
export function splitAliasBody({ fields }: RouteAlias, body: Record<string, unknown>) {
  const params: Record<string, unknown> = {};
  const rest: Record<string, unknown> = { __proto__: null };
  for (const [name, value] of Object.entries(body)) {
    const parameter = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (parameter === undefined) rest[name] = value;
    else params[parameter] = value;
  }
  return { params, body: rest };
}

/** Points an error of the operation at what the alias' caller wrote. */
export function pointAtAlias({ fields }: RouteAlias, thrown: unknown): unknown {
  if (!(thrown instanceof ApiError) || !thrown.details.errors) return thrown;
  const places = new Map(Object.entries(fields).map(([name, to]) => [pointer('path', [to]), pointer('body', [name])]));
  const moved = thrown.details.errors.map((error) => ({ ...error, path: places.get(error.path) ?? error.path }));
  return new ApiError(thrown.kind, thrown.problem, thrown.message, { ...thrown.details, errors: moved });
}
