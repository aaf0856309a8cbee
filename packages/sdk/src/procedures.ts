import type { AppRouter } from './contract.ts';
import type { Operation, OperationContext, TRPCLink } from '@trpc/client';
import { observable, observableToPromise } from '@trpc/server/observable';
import type { AccessTokens } from './access-tokens.ts';
import { withDeadline } from './deadline.ts';
import { toTenonError, toTrpcError } from './failure.ts';
import { namesOrganization } from './http.ts';
import { checkInput } from './inputs.ts';
import type { MutationOptions } from './options.ts';
import { isArrived, isResponse } from './responses.ts';
import { retrying } from './retry.ts';
import { randomKey } from './runtime.ts';
import type { Settings } from './settings.ts';

/** Reads the options of a call from tRPC's `context`. Checks their types, because callers of `tenon.trpc` may put anything there. */
function optionsIn(context: OperationContext): MutationOptions {
  const { timeoutMs, organization, idempotencyKey, ifMatch, dryRun } = context;
  return {
    ...(typeof timeoutMs === 'number' && { timeoutMs }),
    ...(typeof organization === 'string' && { organization }),
    ...(typeof idempotencyKey === 'string' && { idempotencyKey }),
    ...((typeof ifMatch === 'number' || ifMatch === '*') && { ifMatch }),
    ...(dryRun === true && { dryRun }),
  };
}

/** The operations of `auth` refuse the mutation headers: what they do cannot be undone by rolling it back. */
const takesMutationHeaders = ({ type, path }: Operation): boolean => type === 'mutation' && !path.startsWith('auth.');

/** @throws TypeError when a value is not valid in a header */
function headersOf(op: Operation, options: MutationOptions, settings: Settings): Headers {
  const headers = new Headers(settings.headers);
  const organization = options.organization ?? (namesOrganization(op.input) ? undefined : settings.organization);
  if (settings.apiKey !== null) headers.set('x-api-key', settings.apiKey);
  if (organization !== undefined) headers.set('x-organization-id', organization);
  if (takesMutationHeaders(op)) headers.set('idempotency-key', options.idempotencyKey ?? randomKey());
  if (options.ifMatch !== undefined) headers.set('if-match', options.ifMatch === '*' ? '*' : `"${options.ifMatch}"`);
  if (options.dryRun) headers.set('dry-run', 'true');
  return headers;
}

/** Inputs that are longer than this in a URL, percent-encoded, are sent alone. */
const longestBatchedInput = 4_000;

/**
 * Whether a call can share a request: the calls of a batch have the same headers and must fit into one URL.
 * @throws TypeError when the input cannot be written as JSON
 */
function fitsIntoBatch({ type, input }: Operation, headers: Headers, settings: Settings): boolean {
  const json = JSON.stringify(input) ?? '';
  return (
    type === 'query' &&
    headers.get('x-organization-id') === (settings.organization ?? null) &&
    encodeURIComponent(json).length <= longestBatchedInput
  );
}

/** Reads what `callLink` has decided, for the links that send. */
export const sendingOf = (context: OperationContext): { headers: Headers; batched: boolean } => ({
  headers: context['headers'] instanceof Headers ? context['headers'] : new Headers(),
  batched: context['batched'] === true,
});

/** Gives each call its headers, a valid access token, a deadline, and its retries. */
export function callLink(settings: Settings, tokens: AccessTokens): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) => {
      const perform = async () => {
        if (op.type === 'subscription') throw new TypeError('Subscribe with `subscribe` of @tenon/sdk/events.');
        checkInput(op.path, op.input);
        const options = optionsIn(op.context);
        const headers = headersOf(op, options, settings);
        const batched = fitsIntoBatch(op, headers, settings);
        const timeoutMs = options.timeoutMs ?? settings.timeoutMs;
        const caller = op.signal ?? undefined;
        // A call that could act twice is not sent twice.
        const retry =
          op.type === 'query' || headers.has('idempotency-key') ? settings.retry : { ...settings.retry, limit: 0 };

        const send = (accessToken: string | null, signal: AbortSignal) => {
          const sent = new Headers(headers);
          if (accessToken !== null) sent.set('authorization', `Bearer ${accessToken}`);
          const context = { ...op.context, headers: sent, batched };
          return observableToPromise(next({ ...op, context, signal })).catch((thrown: unknown) => {
            throw toTenonError(thrown);
          });
        };
        const { runtime, observer } = settings;
        const result = await retrying(
          () =>
            withDeadline((signal) => tokens.using((accessToken) => send(accessToken, signal)), {
              timeoutMs,
              signal: caller,
            }),
          { operation: op.path, retry, runtime, observer, signal: caller },
        );
        const { arrived } = op.context;
        const response = result.context?.['response'];
        if (isArrived(arrived) && isResponse(response)) arrived(response);
        return result;
      };
      return observable((observer) => {
        perform().then(
          (result) => {
            observer.next(result);
            observer.complete();
          },
          (thrown: unknown) => observer.error(toTrpcError(thrown)),
        );
      });
    };
}
