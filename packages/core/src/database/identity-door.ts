import type { ServiceContext } from './context.ts';
import type { Database } from './database.ts';
import type { ReadDoor } from './read-door.ts';
import { doorScope, requestScope } from './scope.ts';
import { inUnit, mutateIn, type Unit } from './unit-of-work.ts';

/*
 * What must be known before there is an organization: who is this login, this session, and where are they a member. It
 * reaches the tables that declare `identityDoor` and no others, by a database role of its own. Open to `identity/` and
 * `tenancy/`, and to `api-log/`, which writes the calls of several organizations at once.
 */

export function readThroughIdentityDoor<T>(database: Database, work: (db: ReadDoor) => Promise<T>): Promise<T> {
  return database.read(doorScope('identity'), work);
}

export function writeThroughIdentityDoor<T>(ctx: ServiceContext, work: (unit: Unit) => Promise<T>): Promise<T> {
  return inUnit(ctx, doorScope('identity'), work);
}

/**
 * Runs a mutation behind the identity door, with the three mutation headers: for callers who change what belongs to others. New
 * rows and events name the caller and their organization. There are no walls: the work itself must name the organization.
 */
export function mutateThroughIdentityDoor<T>(ctx: ServiceContext, work: (unit: Unit) => Promise<T>): Promise<T> {
  return mutateIn(ctx, { ...requestScope(ctx.principal), door: 'identity', principal: null }, work);
}
