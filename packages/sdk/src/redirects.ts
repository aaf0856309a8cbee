import type { Local } from './calls.ts';
import type { Settings } from './settings.ts';

/** The paths of the redirects, below `/api/v1`. There is no router at run time: a test compares them with it. */
export const redirectPaths = {
  'auth.oidcCallback': '/auth/oidc/callback',
  'auth.oidcProviderCallback': '/auth/oidc/callback/{provider}',
} as const;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Writes the input into the path and the query. */
export function urlOf(path: string, input: object): string {
  const fields = new Map<string, unknown>(Object.entries(input));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields.get(name);
    fields.delete(name);
    return encodeURIComponent(textOf(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of fields)
    for (const item of [value].flat()) if (item !== undefined) query.append(name, textOf(item));
  const text = query.toString();
  return text === '' ? filled : `${filled}?${text}`;
}

/**
 * The operations that a browser is sent to. Calling one sends nothing: it answers the URL.
 * @returns them by operationId
 */
export const redirectCalls = ({ baseUrl }: Settings): ReadonlyMap<string, Local> =>
  new Map(
    Object.entries(redirectPaths).map(([name, path]) => [
      name,
      (input: object) => `${baseUrl}/api/v1${urlOf(path, input)}`,
    ]),
  );
