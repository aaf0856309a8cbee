import type { VisibilityPredicate } from '../kernel/principal.ts';

const assigned = 'select task_id from task_assignees where organization_id = {organization} and user_id = {user}';
const inTeams = (teams: string) =>
  `select id from tasks where organization_id = {organization} and team_id in (${teams})`;

/** The ids of the tasks that each predicate of visibility lets through: for tables whose rows belong to a task. */
const visibleTasks: Readonly<Record<VisibilityPredicate, string>> = {
  assigned,
  team: inTeams('{teams}'),
  assignedInTeam: `${inTeams('{assignedTeams}')} and id in (${assigned})`,
};

/** A predicate for every kind of visibility, from the ids of the tasks that it lets through. */
export const byVisibleTasks = (
  predicate: (tasks: string, kind: VisibilityPredicate) => string,
): Readonly<Record<VisibilityPredicate, string>> => ({
  assigned: predicate(visibleTasks.assigned, 'assigned'),
  team: predicate(visibleTasks.team, 'team'),
  assignedInTeam: predicate(visibleTasks.assignedInTeam, 'assignedInTeam'),
});
