import type { ServiceContext } from './context.ts';
import type { Database } from './database.ts';
import type { ReadDoor } from './read-door.ts';
import { doorScope } from './scope.ts';
import { inUnit, type Unit } from './unit-of-work.ts';

/*
 * Loops over organizations: schedules, purge, the job runner, folds. It sees every row, by a database role of its own. Only `jobs/`,
 * `activity/`, `analytics/` and `webhooks/` may open it.
 */

export function readThroughSystemDoor<T>(database: Database, work: (db: ReadDoor) => Promise<T>): Promise<T> {
  return database.read(doorScope('system'), work);
}

/** @param long whether the write may change many rows, as `DatabaseScope` says */
export function writeThroughSystemDoor<T>(
  ctx: ServiceContext,
  work: (unit: Unit) => Promise<T>,
  long = true,
): Promise<T> {
  return inUnit(ctx, { ...doorScope('system'), long }, work);
}
