/*
 * What must be true of every database, whatever ran at once in it. Each query selects what breaks a rule, so that it should answer no
 * rows. They run as the superuser, to whom no wall applies.
 */

/** Tables whose rows have parents of their own kind. */
const trees = ['tasks', 'departments', 'roles'];

/** Tables whose every version has an event: the first part of its type. */
const versioned = {
  tasks: 'task',
  tags: 'tag',
  projects: 'project',
  comments: 'comment',
  teams: 'team',
  departments: 'department',
  roles: 'role',
  identity_providers: 'identity_provider',
};

const eventVersions = `select event.organization_id, type, event.entity_type as kind, event.entity_id as id, (payload->'data'->>'version')::int as version
  from events event join event_payloads on event_id = event.id where payload->'data' ? 'version'`;

export const invariants: Readonly<Record<string, string>> = {
  'a living task below a trashed one': `select child.id from tasks child join tasks parent
    on (parent.organization_id, parent.id) = (child.organization_id, child.parent_id)
    where child.deleted_at is null and parent.deleted_at is not null`,

  ...Object.fromEntries(
    trees.map((table) => [
      `a circle in ${table}`,
      `with recursive reached as (
        select id from ${table} where parent_id is null
        union all select child.id from ${table} child join reached on reached.id = child.parent_id
      ) select id from ${table} where id not in (select id from reached)`,
    ]),
  ),

  'an attachment on nothing, or on a task and a project': `select id from attachments
    where (task_id is null) = (project_id is null)`,

  'a department that is not below its parent': `select child.id from departments child join departments parent
    on (parent.organization_id, parent.id) = (child.organization_id, child.parent_id)
    where not starts_with(child.path_sort, parent.path_sort)`,

  'a wrong count of living tasks': `select counter.organization_id, counter.value, count(task.id)
    from counters counter left join tasks task
    on task.organization_id = counter.organization_id and task.deleted_at is null
    where counter.name = 'living tasks' group by counter.organization_id, counter.value having counter.value <> count(task.id)`,

  ...Object.fromEntries(
    ['team_members', 'department_members', 'role_assignments'].map((table) => [
      `something in ${table} of a membership that has ended`,
      `select link.user_id from ${table} link join memberships membership
        on (membership.organization_id, membership.user_id) = (link.organization_id, link.user_id)
        where membership.status = 'ended'`,
    ]),
  ),

  'a live API key of a membership that has ended': `select key.id from api_keys key join memberships membership
    on (membership.organization_id, membership.user_id) = (key.organization_id, key.user_id)
    where membership.status = 'ended' and key.is_active`,

  'an organization without an active owner': `select organization.id from organizations organization where not exists (
    select 1 from role_assignments assignment
    join roles role on (role.organization_id, role.id) = (assignment.organization_id, assignment.role_id) and role.key = 'owner'
    join memberships membership on (membership.organization_id, membership.user_id) = (assignment.organization_id, assignment.user_id)
    where assignment.organization_id = organization.id and membership.status = 'active')`,

  // What is deleted for ever, or merged into another thing, is so in its last version.
  'two events with one version of a thing': `select kind, id, version from (${eventVersions}) told
    where type not like '%.deleted' and type not like '%.purged' and type not like '%.revoked' and type not like '%.merged' group by organization_id, kind, id, version having count(*) > 1`,

  ...Object.fromEntries(
    Object.entries(versioned).map(([table, kind]) => [
      `a version in ${table} that no event tells`,
      `select row.id, row.version, max(told.version) from ${table} row
        left join (${eventVersions}) told on told.kind = '${kind}' and told.id = row.id
        group by row.organization_id, row.id, row.version having row.version > 1 and row.version <> coalesce(max(told.version), 0)`,
    ]),
  ),
};
