import type { OperationContext, TRPCLink } from '@trpc/client';
import { TRPCClientError } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { AppRouter } from './contract.ts';
import { TenonError } from './errors.ts';
import { trpcAnswerOf } from './failure.ts';
import type { MutationOptions } from './options.ts';
import type { CallProcedure } from './procedures.ts';

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

/** The error that callers of `tenon.trpc` get: what tRPC itself would make of the answer, or one whose cause is ours. */
function toTrpcError(thrown: unknown): TRPCClientError<AppRouter> {
  const answered = thrown instanceof TenonError ? trpcAnswerOf(thrown) : undefined;
  if (answered) {
    const { answer, response } = answered;
    return TRPCClientError.from(answer, { meta: { response, responseJSON: answer } });
  }
  return TRPCClientError.from(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
}

/** Lets tRPC's own client call procedures as the calls of the client do. */
export const trpcLink =
  (call: CallProcedure): TRPCLink<AppRouter> =>
  () =>
  ({ op: { type, path, input, context, signal } }) =>
    observable((observer) => {
      const perform = async () => {
        if (type === 'subscription') throw new TypeError('Subscribe with `subscribe` of @tenon/sdk/events.');
        return call({ type, path, input, options: { ...optionsIn(context), signal: signal ?? undefined } });
      };
      perform().then(
        (data) => {
          observer.next({ result: { data } });
          observer.complete();
        },
        (thrown: unknown) => observer.error(toTrpcError(thrown)),
      );
    });
