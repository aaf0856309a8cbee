import { type RawBuilder, sql, type SqlBool } from 'kysely';
import { authorize, seesAll } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import type { Dialect } from '../database/engine.ts';
import { findLogEnd } from '../database/log-pages.ts';
import { pageRequest } from '../database/paging.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { requestScope } from '../database/scope.ts';
import { anyOf } from '../database/sql.ts';
import { asText } from '../database/typed-value.ts';
import type { ActivityListInput, ActivityLogPage, EventFilters } from './activity.schema.ts';
import type { Principal } from '../kernel/principal.ts';
import { byId, byTime, type EventLogPage, eventsAbout, readEvents } from './activity.queries.ts';
import { typesNamed } from './catalogue.ts';
import { frequentTypes, isRareType } from './event.entity.ts';

/** The filters, as far as they name values. */
export interface Filters {
  actors: readonly string[] | null;
  types: readonly string[] | null;
  entityType: string | null;
}

const allEvents = (db: ReadDoor) => db.selectFrom('events');

/** The conditions of filters whose index the page does not read. */
export const checksOf = (dialect: Dialect, { actors, types, entityType }: Filters): RawBuilder<SqlBool>[] => [
  ...(actors ? [anyOf(dialect, 'events.actor_id', actors)] : []),
  ...(types ? [anyOf(dialect, 'events.type', types, 'text')] : []),
  ...(entityType === null ? [] : [sql<SqlBool>`events.entity_type = ${asText(entityType)}`]),
];

export function periodOf({ after, before }: Pick<ActivityListInput, 'after' | 'before'>): RawBuilder<SqlBool>[] {
  return [
    ...(after === undefined ? [] : [sql<SqlBool>`events.at >= ${new Date(after)}`]),
    ...(before === undefined ? [] : [sql<SqlBool>`events.at <= ${new Date(before)}`]),
  ];
}

/** Reads the filters of a list. Null when they name no known type, so that nothing matches. */
export function filtersOf({ principal }: { principal: Principal }, input: EventFilters): Filters | null {
  const { actor, type, entityType = null } = input;
  const types = type ? typesNamed(type) : null;
  if (types?.length === 0) return null;
  const actors = actor ? [...new Set(actor.map((one) => (one === 'me' ? principal.userId : one)))] : null;
  return { actors, types, entityType };
}

/** Decides which index a page reads, and which filters it checks row by row. */
export function logOf(dialect: Dialect, filters: Filters, input: EventFilters) {
  const { entityId } = input;
  const period = periodOf(input);
  const { actors, types } = filters;
  if (entityId !== undefined)
    return { order: byId, parts: eventsAbout(entityId), checks: [...checksOf(dialect, filters), ...period] };
  const within = (events: ReturnType<typeof allEvents>) =>
    period.reduce((some, condition) => some.where(condition), events);
  if (actors) {
    const parts = (db: ReadDoor) => actors.map((actor) => within(allEvents(db).where('events.actor_id', '=', actor)));
    return { order: byTime, parts, checks: checksOf(dialect, { ...filters, actors: null }) };
  }
  if (types?.every((type) => !frequentTypes.includes(type))) {
    const isRare = sql<SqlBool>`${sql.raw(isRareType)}`;
    const parts = (db: ReadDoor) =>
      types.map((type) => within(allEvents(db).where('events.type', '=', type).where(isRare)));
    return { order: byTime, parts, checks: [] };
  }
  return { order: byTime, parts: (db: ReadDoor) => [within(allEvents(db))], checks: checksOf(dialect, filters) };
}

/**
 * Lists what happened in the organization, newest first, as far as the caller sees what it happened to (D9). An entity, an actor, and most
 * types are found by an index. Where rows are read and left out, a page reads at most 2,000 events.
 */
export async function listActivity(ctx: ServiceContext, input: ActivityListInput): Promise<ActivityLogPage> {
  authorize(ctx, 'activity:read');
  const { principal, database } = ctx;
  const filters = filtersOf(ctx, input);
  if (!filters) return { data: [], nextCursor: null };
  const ways = logOf(database.engine.dialect, filters, input);
  const log: EventLogPage = {
    ...ways,
    request: pageRequest(ctx, `activity ${input.entityId ?? ''}`, ways.order === byId ? '-id' : '-at', input),
  };
  const all = { ...requestScope(principal), principal: null };
  const end =
    seesAll(principal, 'activity:read') && log.checks?.length === 0
      ? null
      : await database.read(all, (db) => findLogEnd(db, log));
  return read(ctx, (db) => readEvents(db, log, end));
}
