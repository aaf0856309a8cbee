import { type ExpressionBuilder, sql } from 'kysely';
import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import type { Tables } from '../../database/schema.ts';
import { anyOf, contains } from '../../database/sql.ts';
import type { Page } from '../../kernel/schemas.ts';
import { keyOf } from '../../kernel/text.ts';
import { type IncludeReader, including } from '../../records/index.ts';
import { keptSince } from '../trash.ts';
import { projects } from './project.record.ts';
import type { Project, ProjectGet, ProjectInclude, ProjectListInput } from './project.schema.ts';

/** What reads each name. Rooms that projects do not know, such as attachments and analytics, add theirs. */
export const projectIncludeReaders = new Map<ProjectInclude, IncludeReader<Project>>();

/** @throws `project_not_found` */
export async function getProject(ctx: ServiceContext, { id, include }: ProjectGet): Promise<Project> {
  authorize(ctx, 'project:read');
  return read(ctx, async (db) => {
    const project = await projects.get(db, id);
    const [shown = project] = await including(projectIncludeReaders, db, [project], include);
    return shown;
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
    return { ...page, data: await including(projectIncludeReaders, db, page.data, include) };
  });
}
