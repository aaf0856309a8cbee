import type { AnyTRPCProcedure, AnyTRPCRouter } from '@trpc/server';
import { Operation } from './operation.ts';

const proceduresOf = (router: AnyTRPCRouter): [string, AnyTRPCProcedure][] =>
  Object.entries(router._def.procedures as Record<string, AnyTRPCProcedure>);

/** All operations of a router by operationId, which is also the tRPC path. */
export function operationsOf(router: AnyTRPCRouter): Map<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [name, { _def }] of proceduresOf(router)) {
    if (!(_def.meta instanceof Operation))
      throw new Error(
        `${name} was not made by query, mutation, restMutation, redirect, form, click, upload, download or stream.`,
      );
    operations.set(name, _def.meta);
  }
  return operations;
}

/**
 * The router as /trpc serves it: without the operations that exist over REST only. tRPC looks procedures up by the path that the
 * client sent, so the record has no prototype: `constructor` must find nothing.
 */
export function withoutRestOnly<Router extends AnyTRPCRouter>(router: Router): Router {
  const served = proceduresOf(router).filter(([, { _def }]) => !(_def.meta instanceof Operation && _def.meta.restOnly));
  const procedures: Record<string, AnyTRPCProcedure | null> = { __proto__: null, ...Object.fromEntries(served) };
  return { ...router, _def: { ...router._def, procedures } };
}
