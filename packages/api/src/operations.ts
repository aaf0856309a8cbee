import type { AnyTRPCProcedure, AnyTRPCRouter } from '@trpc/server';
import { Operation } from './operation.ts';

const proceduresOf = (router: AnyTRPCRouter): [string, AnyTRPCProcedure][] =>
  Object.entries(router._def.procedures as Record<string, AnyTRPCProcedure>);

/** Every operation of a router by its operationId, which is its tRPC path. */
export function operationsOf(router: AnyTRPCRouter): Map<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [name, { _def }] of proceduresOf(router)) {
    if (!(_def.meta instanceof Operation)) throw new Error(`${name} is not declared with query or mutation.`);
    operations.set(name, _def.meta);
  }
  return operations;
}

/** The router as /trpc serves it: what is for REST alone does not exist there. */
export function withoutRestOnly<Router extends AnyTRPCRouter>(router: Router): Router {
  const procedures = Object.fromEntries(
    proceduresOf(router).filter(([, { _def }]) => !(_def.meta instanceof Operation && _def.meta.restOnly)),
  );
  return { ...router, _def: { ...router._def, procedures } };
}
