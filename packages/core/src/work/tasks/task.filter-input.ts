import { visibility } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { choiceOf, idsOf } from '../../kernel/choice.ts';
import { nilId } from '../../kernel/ids.ts';
import type { Principal, Visibility } from '../../kernel/principal.ts';
import { keptSince } from '../trash.ts';
import type { Filters, FilterValues, Range } from './task.filters.ts';
import { type TaskListInput, taskPriorities, taskStatuses } from './task.schema.ts';

function rangeOf(before: string | undefined, after: string | undefined): Range | undefined {
  if (before !== undefined) return after === undefined ? 'before' : 'between';
  return after === undefined ? undefined : 'after';
}

/** By what the tasks that somebody sees can be found in an index. Undefined when they see all tasks, apart from private projects. */
export function visibleOf(seen: Visibility): Filters['visible'] {
  if (typeof seen === 'string') return undefined;
  if (seen.every(({ place, own }) => place === null && own)) return 'own';
  if (seen.every(({ place }) => place === 'team')) return 'teams';
  return seen.every(({ place }) => place === 'project') ? 'projects' : 'mixed';
}

/** The filters of a list that the input names. */
export function filtersOf(principal: Principal, input: TaskListInput): Filters {
  const seen = visibility(principal, 'task:read');
  // The trash shows what the caller may empty it of: members their own tasks, managers all.
  const trash = visibility(principal, 'task:delete_any') === 'all' ? 'all' : 'own';
  return {
    trash: input.deleted ? trash : undefined,
    status: choiceOf(input.status),
    priority: choiceOf(input.priority),
    createdBy: choiceOf(input.createdBy),
    team: choiceOf(input.team),
    parent: choiceOf(input.parent),
    project: choiceOf(input.project),
    department: input.department && 'many',
    due: rangeOf(input.dueBefore, input.dueAfter),
    created: rangeOf(input.createdBefore, input.createdAfter),
    updated: rangeOf(input.updatedBefore, input.updatedAfter),
    overdue: input.overdue,
    blocked: input.blocked,
    watching: input.watching,
    assignee: choiceOf(input.assignee),
    tag: choiceOf(input.tag),
    visible: visibleOf(seen),
  };
}

/** The teams or the projects whose tasks somebody sees. */
export const placesOf = (seen: Visibility): readonly string[] =>
  typeof seen === 'string' ? [] : seen.flatMap(({ placeIds }) => placeIds);

/** An instant that is bound to a statement. One that is not used is bound too. */
const instantOf = (given: string | undefined): Date => new Date(given ?? 0);

/** The values of these filters. */
export function valuesOf(
  ctx: ServiceContext,
  principal: Principal,
  input: TaskListInput,
  departmentTeams: readonly string[],
): FilterValues {
  const { userId } = principal;
  const seen = visibility(principal, 'task:read');
  const people = (ids: readonly string[] = []) => ids.map((id) => (id === 'me' ? userId : id));
  const statuses = (input.status ?? []).map((status) => taskStatuses.indexOf(status));
  const priorities = (input.priority ?? []).map((priority) => taskPriorities.indexOf(priority));
  const [creators, assignees] = [people(input.createdBy), people(input.assignee)];
  const [teams, parents, projects] = [idsOf(input.team), idsOf(input.parent), idsOf(input.project)];
  return {
    userId,
    self: [userId],
    places: placesOf(seen),
    departmentTeams,
    now: ctx.clock.now(),
    keptSince: keptSince(ctx.clock.now()),
    status: statuses[0] ?? 0,
    statuses,
    priority: priorities[0] ?? 0,
    priorities,
    createdBy: creators[0] ?? nilId,
    creators,
    team: teams[0] ?? nilId,
    teams,
    parent: parents[0] ?? nilId,
    parents,
    project: projects[0] ?? nilId,
    projects,
    assignee: assignees[0] ?? nilId,
    assignees,
    tag: input.tag?.[0] ?? nilId,
    tags: input.tag ?? [],
    dueBefore: instantOf(input.dueBefore),
    dueAfter: instantOf(input.dueAfter),
    createdBefore: instantOf(input.createdBefore),
    createdAfter: instantOf(input.createdAfter),
    updatedBefore: instantOf(input.updatedBefore),
    updatedAfter: instantOf(input.updatedAfter),
  };
}
