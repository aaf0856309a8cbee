import { type Mutation, mutation } from './mutation.ts';
import { core, wallTests } from './sources.ts';

const decisions = [`${core}/access/decide.test.ts`];
const scopeTests = [`${core}/work/tasks/task.scope.test.ts`];
const hoursTests = [`${core}/work/tasks/task.working-hours.test.ts`];

/** What a permission, a scope and a constraint let pass, and which rows they show. */
export const access: readonly Mutation[] = [
  mutation(
    'decide: grants',
    `${core}/access/decide.ts`,
    'principal.grants.filter((grant) => grant.permissions.has(permission))',
    '[...principal.grants]',
    decisions,
  ),
  mutation('decide: constraints', `${core}/access/decide.ts`, 'if (!failure) return', 'return', decisions),
  mutation(
    'decide: assignedOnly',
    `${core}/access/decide.ts`,
    '!subject.assigneeIds || subject.assigneeIds.includes(principal.userId) ?',
    'principal && subject ?',
    decisions,
  ),
  mutation(
    'visibility: without a grant',
    `${core}/access/decide.ts`,
    "if (grants.length === 0) return 'none';",
    '',
    decisions,
  ),
  mutation(
    'visibility: constraints',
    `${core}/access/decide.ts`,
    'everywhere.some((grant) => !assignedOnly(grant))',
    'true',
    decisions,
  ),
  mutation(
    'decide: scope',
    `${core}/access/decide.ts`,
    'if (!reaches(grant.scope, question.permission, question.subject)) return',
    'if (false) return',
    scopeTests,
  ),
  mutation(
    'scope: what is everybody’s',
    `${core}/access/decide.ts`,
    'if (teamId === undefined) return reads(permission);',
    'if (teamId === undefined) return true;',
    scopeTests,
  ),
  mutation(
    'scope: teams',
    `${core}/access/decide.ts`,
    'return teamId !== null && scope.teamIds.has(teamId);',
    'return true;',
    scopeTests,
  ),
  mutation(
    'visibility: scope',
    `${core}/access/decide.ts`,
    "grants.filter(({ scope }) => scope.kind === 'organization')",
    '[...grants]',
    scopeTests,
  ),
  mutation(
    'visibility: assigned',
    `${core}/activity/visible-tasks.ts`,
    '{organization} and user_id = {user}',
    '{organization}',
    wallTests,
  ),
  mutation('visibility: team', `${core}/activity/visible-tasks.ts`, ' and team_id in (${teams})', '', scopeTests),
  mutation(
    'visibility: assigned in a team',
    `${core}/activity/visible-tasks.ts`,
    ' and id in (${assigned})',
    '',
    scopeTests,
  ),
  mutation(
    'visibility: tasks of a team',
    `${core}/work/tasks/task.entity.ts`,
    "team: '{table}.team_id in ({teams})'",
    "team: '1 = 1'",
    scopeTests,
  ),
  mutation(
    'visibility: events',
    `${core}/activity/event.entity.ts`,
    "return kind === 'assigned' ?",
    "if (kind !== 'assigned' || around) return '1 = 1'; return kind === 'assigned' ?",
    wallTests,
  ),
  mutation(
    'decide: workingHours',
    `${core}/access/decide.ts`,
    'if (isWithin(workingHours, at, timezone)) return null;',
    'if (timezone) return null;',
    hoursTests,
  ),
  mutation(
    'decide: exempt priorities',
    `${core}/access/decide.ts`,
    'workingHours.exemptPriorities.includes(subject.priority)',
    'subject.priority',
    hoursTests,
  ),
  mutation(
    'working hours: days',
    `${core}/access/working-hours.ts`,
    'days.includes(time.dayOfWeek) && clockOf',
    'days && clockOf',
    hoursTests,
  ),
];
