import type { IncomingMessage } from 'node:http';
import { ApiError } from '../errors.ts';
import { pointer } from '../pointer.ts';
import { restPrefix } from './answer.ts';

/** Names that older systems use for our paths. They work, but no link and no document mentions them. */
const renamed: readonly (readonly [RegExp, string])[] = [[/^(\/analytics)?\/items(?=[/?]|$)/, '$1/tasks']];

/**
 * For Fastify's option of the same name. Rewrites `/api/…` to `/api/v1/…`, and an alias to its canonical path.
 *
 * @example rewriteUrl({ url: '/api/items/7?x=1' }) // '/api/v1/tasks/7?x=1'
 */
export function rewriteUrl({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  // Almost all are canonical, and the patterns cost as much as finding the route.
  if (url.startsWith(`${restPrefix}/`) && !url.includes('/items')) return url;
  const match = /^\/api(?:\/v1)?(?=[/?]|$)(.*)$/s.exec(url);
  if (!match) return url;
  const rest = renamed.reduce((path, [from, to]) => path.replace(from, to), match[1] ?? '');
  return restPrefix + rest;
}

/** A route that takes in the body what the operation takes in its path. */
export interface RouteAlias {
  method: 'POST';
  path: string;
  /** The operationId. */
  operation: string;
  /** The parameters of the operation's path that the body has. */
  parameters: readonly string[];
}

export const routeAliases: readonly RouteAlias[] = [
  { method: 'POST', path: '/comments', operation: 'comments.create', parameters: ['taskId'] },
];

/** Separates the parameters of the operation's path from the other fields of an alias's body. */
export function splitAliasBody({ parameters }: RouteAlias, body: Record<string, unknown>) {
  const params: Record<string, unknown> = {};
  const rest: Record<string, unknown> = { __proto__: null };
  for (const [name, value] of Object.entries(body)) {
    const part = parameters.includes(name) ? params : rest;
    part[name] = value;
  }
  return { params, body: rest };
}

/** Makes an error of the operation point at the field that the alias's caller sent. */
export function pointAtAlias({ parameters }: RouteAlias, thrown: unknown): unknown {
  if (!(thrown instanceof ApiError) || !thrown.details.errors) return thrown;
  const places = new Map(parameters.map((name) => [pointer('path', [name]), pointer('body', [name])]));
  const moved = thrown.details.errors.map((error) => ({ ...error, path: places.get(error.path) ?? error.path }));
  return new ApiError(thrown.kind, thrown.problem, thrown.message, { ...thrown.details, errors: moved });
}
