import type { AccessTokens } from './access-tokens.ts';
import { attempting } from './attempts.ts';
import { namesOrganization } from './http.ts';
import { checkInput } from './inputs.ts';
import type { MutationOptions } from './options.ts';
import type { Arriving } from './responses.ts';
import { randomKey } from './runtime.ts';
import type { Settings } from './settings.ts';
import { Transport } from './transport.ts';

/** A call of a procedure of the router. */
interface ProcedureCall {
  readonly type: 'query' | 'mutation';
  /** The operationId. */
  readonly path: string;
  readonly input: unknown;
  readonly options: MutationOptions & Arriving;
}

/**
 * Calls a procedure and returns what it answers.
 * @throws TypeError when the input or an option cannot be sent, TenonError, or the reason of the signal
 */
export type CallProcedure = (call: ProcedureCall) => Promise<unknown>;

/** The operations of `auth` refuse the mutation headers: what they do cannot be undone by rolling it back. */
const takesMutationHeaders = ({ type, path }: ProcedureCall): boolean =>
  type === 'mutation' && !path.startsWith('auth.');

/** @throws TypeError when a value is not valid in a header */
function headersOf(call: ProcedureCall, settings: Settings): Headers {
  const { input, options } = call;
  const headers = new Headers(settings.headers);
  const organization = options.organization ?? (namesOrganization(input) ? undefined : settings.organization);
  if (settings.apiKey !== null) headers.set('x-api-key', settings.apiKey);
  if (organization !== undefined) headers.set('x-organization-id', organization);
  if (takesMutationHeaders(call)) headers.set('idempotency-key', options.idempotencyKey ?? randomKey());
  if (options.ifMatch !== undefined) headers.set('if-match', options.ifMatch === '*' ? '*' : `"${options.ifMatch}"`);
  if (options.dryRun) headers.set('dry-run', 'true');
  return headers;
}

/** Inputs that are longer than this in a URL, percent-encoded, are sent alone. */
const longestBatchedInput = 4_000;

/** Whether a query can share a request: the calls of a batch have the same headers and must fit into one URL. */
const fitsIntoBatch = (json: string | undefined, headers: Headers, settings: Settings): boolean =>
  headers.get('x-organization-id') === (settings.organization ?? null) &&
  encodeURIComponent(json ?? '').length <= longestBatchedInput;

/** Gives each call its headers, a valid access token, a deadline, and its retries. */
export function procedureCaller(settings: Settings, tokens: AccessTokens): CallProcedure {
  const transport = new Transport(settings);
  return async (call) => {
    const { type, path, input, options } = call;
    checkInput(path, input);
    const headers = headersOf(call, settings);
    // There is no text of undefined, although the type says so.
    const json: string | undefined = JSON.stringify(input);
    const send = (accessToken: string | null, signal: AbortSignal) => {
      const sent = new Headers(headers);
      if (accessToken !== null) sent.set('authorization', `Bearer ${accessToken}`);
      const ready = { path, json, headers: sent, signal };
      if (type === 'mutation') return transport.mutate(ready);
      return fitsIntoBatch(json, headers, settings) ? transport.queryTogether(ready) : transport.query(ready);
    };
    // A call that could act twice is not sent twice.
    const isRepeatable = type === 'query' || headers.has('idempotency-key');
    const { timeoutMs, signal } = options;
    const { data, response } = await attempting(
      settings,
      tokens,
      { operation: path, isRepeatable, timeoutMs, signal },
      send,
    );
    options.arrived?.(response);
    return data;
  };
}
