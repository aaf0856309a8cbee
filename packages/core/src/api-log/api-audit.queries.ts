import { type RawBuilder, sql, type SqlBool } from 'kysely';
import { authorize, opensClosed } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import type { Dialect } from '../database/engine.ts';
import { findLogEnd, type LogPageRequest, readLogPage } from '../database/log-pages.ts';
import { pageRequest } from '../database/paging.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { firstIdAt, lastIdAt } from '../kernel/ids.ts';
import { unique } from '../kernel/unique.ts';
import type { ApiAuditListInput, ApiAuditPage } from './api-log.schema.ts';

type Log = Pick<LogPageRequest<'api_requests'>, 'parts' | 'checks'>;

const id = sql.ref('api_requests.id');

/** The order of time, because the ids begin with it. */
const order = { by: id, descending: true, id };

const isAnyStatus = (dialect: Dialect, statuses: readonly number[]): RawBuilder<SqlBool> =>
  dialect === 'postgresql'
    ? sql`api_requests.status = any(${statuses}::smallint[])`
    : sql`api_requests.status in (select value from json_each(${statuses}))`;

/** Decides which index a page reads, and which filters it checks row by row. */
function logOf(
  dialect: Dialect,
  userId: string,
  { user, method, endpoint, status, after, before }: ApiAuditListInput,
): Log {
  const within = (db: ReadDoor) =>
    db
      .selectFrom('api_requests')
      .$if(after !== undefined, (rows) => rows.where('api_requests.id', '>=', firstIdAt(new Date(after ?? 0))))
      .$if(before !== undefined, (rows) => rows.where('api_requests.id', '<=', lastIdAt(new Date(before ?? 0))));
  const users = user && unique(user.map((one) => (one === 'me' ? userId : one)));
  const checks = {
    method: method ? [anyOf(dialect, 'api_requests.method', method, 'text')] : [],
    status: status ? [isAnyStatus(dialect, status)] : [],
    user: users ? [anyOf(dialect, 'api_requests.user_id', users)] : [],
  };
  if (endpoint)
    return {
      parts: (db) => unique(endpoint).map((one) => within(db).where('api_requests.endpoint', '=', one)),
      checks: [...checks.method, ...checks.status, ...checks.user],
    };
  if (status?.every((one) => one >= 400))
    return {
      // The condition of the index.
      parts: (db) =>
        unique(status).map((one) =>
          within(db)
            .where('api_requests.status', '=', one)
            .where(sql<SqlBool>`api_requests.status >= 400`),
        ),
      checks: [...checks.method, ...checks.user],
    };
  if (users)
    return {
      parts: (db) => users.map((one) => within(db).where('api_requests.user_id', '=', one)),
      checks: [...checks.method, ...checks.status],
    };
  return { parts: (db) => [within(db)], checks: [...checks.method, ...checks.status] };
}

/**
 * Lists the calls in the organization, newest first (E4). Endpoints, people and failures are found by an index. Where rows are read and
 * left out, a page reads at most 2,000 calls.
 */
export async function listApiAudit(ctx: ServiceContext, input: ApiAuditListInput): Promise<ApiAuditPage> {
  authorize(ctx, 'audit:read');
  const { database, principal } = ctx;
  const log = {
    ...logOf(database.engine.dialect, principal.userId, input),
    order,
    request: pageRequest(ctx, 'api audit', '-id', input),
  };
  return read(ctx, async (db) => {
    const end = log.checks?.length === 0 ? null : await findLogEnd(db, log);
    const { rows, nextCursor } = await readLogPage(db, log, end, (keys) =>
      db
        .selectFrom(keys.as('page'))
        .innerJoin('api_requests', 'api_requests.id', 'page.id')
        .leftJoin('users', 'users.id', 'api_requests.user_id')
        .select([
          'page.id',
          'page.sortValue',
          'api_requests.user_id as userId',
          'api_requests.api_key_id as apiKeyId',
          'api_requests.method',
          'api_requests.endpoint',
          'api_requests.path',
          'api_requests.status',
          'api_requests.request',
          'api_requests.response',
          'api_requests.duration_ms as durationMs',
          'api_requests.address',
          'api_requests.at',
          'users.username',
          'users.full_name as fullName',
        ])
        .orderBy('page.sortValue', 'desc')
        .orderBy('page.id', 'desc')
        .execute(),
    );
    // They may be about what is in a private project.
    const hidden = opensClosed(principal, 'project:read_private') ? {} : { path: null, request: null, response: null };
    const data = rows.map(({ sortValue: _sorted, userId, username, fullName, ...row }) => ({
      ...row,
      ...hidden,
      user: { id: userId, username, fullName },
    }));
    return { data, nextCursor };
  });
}
