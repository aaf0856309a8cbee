import { sql, type SqlBool } from 'kysely';
import { authorize, type InOrganization } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { findLogEnd, readLogPage } from '../database/log-pages.ts';
import { pageRequest } from '../database/paging.ts';
import { anyOf } from '../database/sql.ts';
import { asId } from '../database/typed-value.ts';
import { encodeCursor } from '../kernel/cursor.ts';
import { nilId } from '../kernel/ids.ts';
import { checksOf, type Filters, filtersOf, logOf, periodOf } from './activity.list.ts';
import { byId, type EventLogPage } from './activity.queries.ts';
import { auditRowsOf, headOf, sealRows, wholeTrail, withholds } from './audit.rows.ts';
import type { AuditHead, AuditListInput, AuditPage } from './audit.schema.ts';

type Caller = ServiceContext & InOrganization;

/** How many rows a page in the order of the trail reads at most. */
const mostRead = 2_000;

/** The newest first, by the same indexes as the activity. Events that are not sealed yet come later. */
async function listNewest(ctx: Caller, input: AuditListInput, filters: Filters): Promise<AuditPage> {
  const { database, principal } = ctx;
  const ways = logOf(database.engine.dialect, filters, input);
  const order = ways.order === byId ? '-id' : '-at';
  const log: EventLogPage = { ...ways, request: pageRequest(ctx, `audit ${input.entityId ?? ''}`, order, input) };
  return database.read(wholeTrail(principal.organizationId), async (db) => {
    const end = log.checks?.length === 0 ? null : await findLogEnd(db, log);
    const { rows, nextCursor } = await readLogPage(db, log, end, (keys) => keys.execute());
    const ids = rows.map(({ id }) => id);
    const sealed = await sealRows(db)
      .where(anyOf(db.dialect, 'seal.event_id', ids))
      .execute();
    const found = new Map((await auditRowsOf(db, sealed, withholds(principal))).map((row) => [row.id, row]));
    return { data: ids.flatMap((id) => found.get(id) ?? []), nextCursor };
  });
}

/** In the order of the trail. The sequences have no gaps, so a page ends at the limit, or where it has read enough. */
async function listInOrder(ctx: Caller, input: AuditListInput, filters: Filters): Promise<AuditPage> {
  const { database, principal } = ctx;
  const request = pageRequest(ctx, `audit ${input.entityId ?? ''}`, 'sequence', input);
  const { sequence: last } = await headOf(ctx, principal.organizationId);
  const to = Math.min(input.toSequence ?? last, last);
  const after = Math.max((input.fromSequence ?? 1) - 1, Number(request.after?.[0] ?? 0));
  const through = Math.min(after + mostRead, to);
  const { entityId } = input;
  const about = entityId === undefined ? [] : [sql<SqlBool>`${asId(entityId)} in (events.entity_id, events.parent_id)`];
  const checks = [...checksOf(database.engine.dialect, filters), ...periodOf(input), ...about];
  const { rows, data } = await database.read(wholeTrail(principal.organizationId), async (db) => {
    const some = await checks
      .reduce((found, check) => found.where(check), sealRows(db))
      .where('seal.sequence', '>', after)
      .where('seal.sequence', '<=', through)
      .orderBy('seal.sequence')
      .limit(input.limit)
      .execute();
    return { rows: some, data: await auditRowsOf(db, some, withholds(principal)) };
  });
  const readTo = rows.length < input.limit ? through : (rows.at(-1)?.sequence ?? through);
  return {
    data,
    nextCursor: readTo < to ? encodeCursor(request.secret, request.list, [readTo, nilId]) : null,
  };
}

/**
 * Lists the audit trail of the organization (E5): the newest first, or in the order of the trail. It shows also what the caller does not see
 * in the activity. Where rows are read and left out, a page reads at most 2,000.
 */
export async function listAudit(ctx: ServiceContext, input: AuditListInput): Promise<AuditPage> {
  authorize(ctx, 'audit:read');
  const filters = filtersOf(ctx, input);
  if (!filters) return { data: [], nextCursor: null };
  return input.sort === 'sequence' ? listInOrder(ctx, input, filters) : listNewest(ctx, input, filters);
}

/** Answers the end of the audit trail. */
export async function getAuditHead(ctx: ServiceContext): Promise<AuditHead> {
  authorize(ctx, 'audit:read');
  return headOf(ctx, ctx.principal.organizationId);
}
