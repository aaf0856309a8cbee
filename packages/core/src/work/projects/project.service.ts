import { authorize, opensClosed, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Row } from '../../database/schema.ts';
import { statement } from '../../database/statement.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { currentMembers, lockOrganization, requireMember } from '../../tenancy/index.ts';
import type { ProjectEntity } from './project.entity.ts';
import { projectEvents } from './project.events.ts';
import { keepKey, requireFreeKey } from './project.keys.ts';
import { joinProject } from './project.people.ts';
import { projects } from './project.record.ts';
import type { Project, ProjectById, ProjectCreate, ProjectUpdate } from './project.schema.ts';

/** Throws unless the caller may change a project. */
export const checkUpdate = (ctx: ServiceContext) => (row: Pick<Row<typeof ProjectEntity>, 'id'>) =>
  authorize(ctx, 'project:update', projects.subject(row));

/**
 * Creates a project. Its creator and its lead become members of it.
 * @throws `permission_denied`, `project_key_taken`, `member_not_found` for the lead
 */
export async function createProject(ctx: ServiceContext, input: ProjectCreate): Promise<Project> {
  authorize(ctx, 'project:create');
  const { userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    await lockOrganization(unit);
    const id = uuidv7();
    await requireFreeKey(unit, input.key, id);
    if (input.leadId) await requireMember(unit, input.leadId, 'leadId');
    const { status = 'planned', visibility = 'organization' } = input;
    const project = await projects.add(unit, { ...input, id, status, visibility });
    await keepKey(unit, project.key, id);
    await joinProject(unit, id, input.leadId ? [userId, input.leadId] : [userId]);
    return projects.answer(unit.db, project);
  });
}

const assigneesIn = statement((db, { id }: { id: string }) =>
  db
    .selectFrom('tasks')
    .innerJoin('task_assignees', 'task_assignees.task_id', 'tasks.id')
    .select('task_assignees.user_id as userId')
    .distinct()
    .where('tasks.project_id', '=', id),
);

/** The people who become members of a project when it becomes private. Whoever makes it private keeps sight of it. */
async function insiders(unit: Unit, { id, createdById, leadId }: Row<typeof ProjectEntity>): Promise<string[]> {
  const { principal } = unit.ctx;
  const assignees = await unit.invisible.run(assigneesIn, { id });
  const caller = principal && !opensClosed(principal, 'project:read_private') ? [principal.userId] : [];
  const lead = leadId === null ? [] : [leadId];
  return currentMembers(unit, [...assignees.map(({ userId }) => userId), createdById, ...lead, ...caller]);
}

/**
 * Changes the given fields; null clears a field. A new lead becomes a member of the project. When it becomes private, its creator, its
 * lead, the people assigned to its tasks and the caller become members.
 * @throws `permission_denied`, `project_not_found`, `version_conflict`, `project_key_taken`, `member_not_found` for the lead
 */
export async function updateProject(ctx: ServiceContext, { id, ...fields }: ProjectUpdate): Promise<Project> {
  requirePermission(ctx, 'project:update');
  const { key, leadId, visibility } = fields;
  return mutate(ctx, async (unit) => {
    if (key !== undefined || leadId || visibility !== undefined) await lockOrganization(unit);
    const project = await projects.lock(unit, id, { check: checkUpdate(ctx) });
    if (key !== undefined && !(await requireFreeKey(unit, key, id))) await keepKey(unit, key, id);
    if (leadId) await requireMember(unit, leadId, 'leadId');
    const { after, changes } = await projects.change(unit, project, fields);
    if (changes['visibility'] && after.visibility === 'private')
      await joinProject(unit, id, await insiders(unit, after));
    else if (leadId && changes['leadId']) await joinProject(unit, id, [leadId]);
    return projects.answer(unit.db, after);
  });
}

async function setArchived(ctx: ServiceContext, { id }: ProjectById, archived: boolean): Promise<Project> {
  requirePermission(ctx, 'project:update');
  return mutate(ctx, async (unit) => {
    const project = await projects.lock(unit, id, { check: checkUpdate(ctx) });
    const archivedAt = archived ? (project.archivedAt ?? unit.now.toISOString()) : null;
    const event = archived ? projectEvents.archived : projectEvents.unarchived;
    const { after } = await projects.change(unit, project, { archivedAt }, { event });
    return projects.answer(unit.db, after);
  });
}

/**
 * Puts a project into the archive. One that is there stays as it is. Its tasks stay as they are.
 * @throws `permission_denied`, `project_not_found`, `version_conflict`
 */
export const archiveProject = (ctx: ServiceContext, input: ProjectById): Promise<Project> =>
  setArchived(ctx, input, true);

/**
 * Takes a project out of the archive.
 * @throws `permission_denied`, `project_not_found`, `version_conflict`
 */
export const unarchiveProject = (ctx: ServiceContext, input: ProjectById): Promise<Project> =>
  setArchived(ctx, input, false);
