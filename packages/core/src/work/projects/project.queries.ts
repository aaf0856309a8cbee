import { type ExpressionBuilder, sql } from 'kysely';
import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { Tables } from '../../database/schema.ts';
import { anyOf, contains, countAll } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import type { Page } from '../../kernel/schemas.ts';
import { keyOf } from '../../kernel/text.ts';
import { keptSince } from '../trash.ts';
import { projects } from './project.record.ts';
import type { Project, ProjectGet, ProjectListInput } from './project.schema.ts';

const countTasks = statement((db, { ids }: { ids: readonly string[] }, dialect) =>
  db
    .selectFrom('tasks')
    .select([
      'tasks.project_id as projectId',
      countAll().as('total'),
      sql<number>`cast(sum(case when tasks.status = 'done' then 1 else 0 end) as integer)`.as('done'),
    ])
    .where(anyOf(dialect, 'tasks.project_id', ids))
    .where('tasks.deleted_at', 'is', null)
    .groupBy('tasks.project_id'),
);

/** Adds how many tasks the caller sees in each project, and how many of them are done. */
async function withTaskCounts(db: ReadDoor, found: readonly Project[]): Promise<Project[]> {
  if (found.length === 0) return [];
  const rows = await db.run(countTasks, { ids: found.map(({ id }) => id) });
  const counts = new Map(rows.map(({ projectId, total, done }) => [projectId, { total, done }]));
  return found.map((project) => ({ ...project, taskCounts: counts.get(project.id) ?? { total: 0, done: 0 } }));
}

/** @throws `project_not_found` */
export async function getProject(ctx: ServiceContext, { id, include }: ProjectGet): Promise<Project> {
  authorize(ctx, 'project:read');
  return read(ctx, async (db) => {
    const project = await projects.get(db, id);
    if (!include) return project;
    const [counted] = await withTaskCounts(db, [project]);
    return counted ?? project;
  });
}

type Where = ExpressionBuilder<Tables, 'projects'>;

/** Lists the projects that the caller sees. With `deleted` it lists those in the trash. */
export async function listProjects(ctx: ServiceContext, input: ProjectListInput): Promise<Page<Project>> {
  authorize(ctx, 'project:read');
  if (input.deleted) requirePermission(ctx, 'project:delete');
  const { status, visibility, lead, member, archived, deleted, search, include } = input;
  const people = (ids: readonly string[]) => ids.map((id) => (id === 'me' ? ctx.principal.userId : id));
  const trashed = (where: Where) => [
    where('projects.deleted_at', 'is not', null),
    sql<boolean>`projects.deleted_at > ${keptSince(ctx.clock.now())}`,
  ];
  return read(ctx, async (db) => {
    const query = db.selectFrom('projects').where((where) =>
      where.and([
        ...(deleted ? trashed(where) : [where('projects.deleted_at', 'is', null)]),
        ...(status ? [anyOf(db.dialect, 'projects.status', status, 'text')] : []),
        ...(visibility ? [where('projects.visibility', '=', visibility)] : []),
        ...(lead ? [anyOf(db.dialect, 'projects.lead_id', people(lead))] : []),
        ...(archived === undefined ? [] : [where('projects.archived_at', archived ? 'is not' : 'is', null)]),
        ...(search === undefined
          ? []
          : [
              where.or([contains('projects.name_sort', keyOf(search)), contains('projects.key', search.toUpperCase())]),
            ]),
        ...(member
          ? [
              where(
                'projects.id',
                'in',
                where
                  .selectFrom('project_members')
                  .select('project_members.project_id')
                  .where(anyOf(db.dialect, 'project_members.user_id', people(member))),
              ),
            ]
          : []),
      ]),
    );
    const page = await projects.page(ctx, db, input, query, deleted ? 'trashed projects' : 'projects');
    return include ? { ...page, data: await withTaskCounts(db, page.data) } : page;
  });
}
