import { ConnectionError } from './errors.ts';
import { fromResponse } from './failure.ts';
import { withDeadline } from './deadline.ts';
import type { CallOptions } from './options.ts';
import type { Arrived, Arriving } from './responses.ts';
import type { Settings } from './settings.ts';

/** Whether the input names an organization. It replaces the organization of REST's path, so the client must not send its own. */
export const namesOrganization = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && 'organizationId' in input;

/**
 * Makes the headers of a request to the REST API. An API key is sent as a bearer token, which `fetch` drops when the storage serves a file.
 * It would send on any other header.
 */
export function restHeaders(settings: Settings, input: unknown, options: CallOptions, token: string | null): Headers {
  const sent = new Headers(settings.headers);
  const credential = settings.apiKey ?? token;
  const named = options.organization ?? (namesOrganization(input) ? undefined : settings.organization);
  if (credential !== null) sent.set('authorization', `Bearer ${credential}`);
  if (named !== undefined) sent.set('x-organization-id', named);
  return sent;
}

/** @throws ConnectionError, or the signal's reason */
export function request({ fetch, observer }: Settings, url: string, init: RequestInit): Promise<Response> {
  return observer.sending({ method: init.method, url, headers: init.headers }, async () => {
    try {
      return await fetch(url, init);
    } catch (thrown) {
      init.signal?.throwIfAborted();
      throw new ConnectionError(thrown);
    }
  });
}

/** The body as JSON; undefined when it is not JSON, for example from a proxy in front of the server. */
export async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text().catch((thrown: unknown) => {
    throw new ConnectionError(thrown);
  });
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The JSON of an answer of the REST API; undefined when it has none.
 * @throws TenonError when it is not a success
 */
export async function answerOf(response: Response, arrived?: Arrived): Promise<unknown> {
  const body = await jsonOf(response);
  if (!response.ok) throw fromResponse(response, body);
  arrived?.(response);
  return body;
}

/**
 * Sends a POST to the REST API, for operations that need or set cookies.
 * @param accessToken for operations that need somebody to be signed in
 * @returns the JSON of the answer; undefined when it has none
 * @throws TenonError
 */
export async function post(
  settings: Settings,
  path: string,
  input: object,
  options: CallOptions & Arriving = {},
  accessToken: string | null = null,
): Promise<unknown> {
  return withDeadline(
    async (signal) => {
      const response = await request(settings, `${settings.baseUrl}/api/v1${path}`, {
        method: 'POST',
        headers: {
          ...settings.headers,
          accept: 'application/json',
          'content-type': 'application/json',
          ...(accessToken !== null && { authorization: `Bearer ${accessToken}` }),
        },
        body: JSON.stringify(input),
        signal,
        // Some edge runtimes throw when this option is present.
        ...(settings.cookies && { credentials: 'include' }),
      });
      return answerOf(response, options.arrived);
    },
    { timeoutMs: options.timeoutMs ?? settings.timeoutMs, signal: options.signal },
  );
}
