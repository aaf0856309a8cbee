import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf, contains } from '../../database/sql.ts';
import type { Page } from '../../kernel/schemas.ts';
import { teamErrors } from './team.errors.ts';
import type { Team, TeamId, TeamListInput } from './team.schema.ts';
import { teamIdsWithin } from './team.scope.ts';

const columns = [
  'teams.id',
  'teams.name',
  'teams.description',
  'teams.department_id as departmentId',
  'teams.created_at as createdAt',
  'teams.updated_at as updatedAt',
  'teams.version',
] as const;

const teamOf = ({ id, name, description, departmentId, createdAt, updatedAt, version }: Team): Team => ({
  id,
  name,
  description,
  departmentId,
  createdAt,
  updatedAt,
  version,
});

/** @throws `team_not_found` */
export async function teamById(db: ReadDoor, id: string): Promise<Team> {
  const row = await db.selectFrom('teams').select(columns).where('teams.id', '=', id).executeTakeFirst();
  if (!row) throw teamErrors.team_not_found();
  return teamOf(row);
}

/** @throws `team_not_found` */
export async function getTeam(ctx: ServiceContext, { id }: TeamId): Promise<Team> {
  authorize(ctx, 'team:read');
  return read(ctx, (db) => teamById(db, id));
}

const sortColumns = { createdAt: { by: sql`teams.created_at` }, name: { by: sql`teams.name_sort` } };

/** Returns a query of the teams that match the filters of a list. */
async function matching(db: ReadDoor, { department, subtree, member, search }: TeamListInput, userId: string) {
  const { dialect } = db;
  let query = db.selectFrom('teams');
  if (department) {
    const ids = department.filter((one) => one !== 'none');
    const below = subtree ? await teamIdsWithin(db, ids) : [];
    query = query.where((where) =>
      where.or([
        subtree ? anyOf(dialect, 'teams.id', below) : anyOf(dialect, 'teams.department_id', ids),
        ...(department.includes('none') ? [where('teams.department_id', 'is', null)] : []),
      ]),
    );
  }
  if (member) {
    const ids = member.map((one) => (one === 'me' ? userId : one));
    query = query.where((where) =>
      where.exists(
        where
          .selectFrom('team_members')
          .select('team_members.team_id')
          .whereRef('team_members.team_id', '=', 'teams.id')
          .where(anyOf(dialect, 'team_members.user_id', ids)),
      ),
    );
  }
  // Returned inside an object: an async function awaits what it returns, and a query builder may not be awaited.
  return { query: search === undefined ? query : query.where(contains('teams.name_sort', search.toLowerCase())) };
}

/** Lists the organization's teams. */
export async function listTeams(ctx: ServiceContext, input: TeamListInput): Promise<Page<Team>> {
  authorize(ctx, 'team:read');
  const { userId } = ctx.principal;
  const order = orderOf(input.sort, sortColumns, sql`teams.id`);
  const request = pageRequest(ctx, 'teams', input.sort, input);
  return read(ctx, async (db) => {
    const { query } = await matching(db, input, userId);
    const { rows, nextCursor } = await readPage(query.select(columns), order, request);
    return { data: rows.map(teamOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}
