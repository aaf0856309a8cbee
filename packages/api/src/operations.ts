import type { AnyTRPCProcedure, AnyTRPCRouter } from '@trpc/server';
import { Operation } from './operation.ts';

const proceduresOf = (router: AnyTRPCRouter): [string, AnyTRPCProcedure][] =>
  Object.entries(router._def.procedures as Record<string, AnyTRPCProcedure>);

/** All operations of a router by operationId, which is also the tRPC path. */
export function operationsOf(router: AnyTRPCRouter): Map<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [name, { _def }] of proceduresOf(router)) {
    if (!(_def.meta instanceof Operation))
      throw new Error(`${name} was not made by query, mutation, restMutation, redirect or form.`);
    operations.set(name, _def.meta);
  }
  return operations;
}

/** The router as /trpc serves it: without the operations that exist over REST only. */
export function withoutRestOnly<Router extends AnyTRPCRouter>(router: Router): Router {
  const procedures = Object.fromEntries(
    proceduresOf(router).filter(([, { _def }]) => !(_def.meta instanceof Operation && _def.meta.restOnly)),
  );
  return { ...router, _def: { ...router._def, procedures } };
}
