import { authorize, opensClosed, seesAll, visibility } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import type { Statement } from '../database/statement.ts';
import { choiceOf, idsOf } from '../kernel/choice.ts';
import { maxId, nilId } from '../kernel/ids.ts';
import type { Principal } from '../kernel/principal.ts';
import { placesOf, visibleOf } from '../work/index.ts';
import type { AnalyticsInput, OwnAnalytics, TaskAnalytics, TaskCounts } from './analytics.schema.ts';
import { efficiencyScore, roundedQuotient } from './efficiency.ts';
import { type SumShape, type SumValues, summedCounts, summedFigures } from './summed-figures.ts';
import { dayMs, dayOf, hourMs, hourOf } from './task-figure.entity.ts';
import {
  type FigureShape,
  type FigureValues,
  filteredCounts,
  filteredFigures,
  ownCounts,
  type StatusFigures,
  wholeCounts,
  wholeFigures,
} from './task-figures.ts';

const weekMs = 168 * hourMs;

function shapeOf(
  principal: Principal,
  { project, team, assignee, createdAfter, createdBefore }: AnalyticsInput,
): FigureShape {
  const visible = visibleOf(visibility(principal, 'task:read'));
  return {
    visible: visible === 'teams' || visible === 'projects' ? visible : null,
    project: choiceOf(project) ?? null,
    team: choiceOf(team) ?? null,
    assignee: assignee !== undefined,
    createdAfter: createdAfter !== undefined,
    createdBefore: createdBefore !== undefined,
  };
}

function valuesOf(ctx: ServiceContext, principal: Principal, input: AnalyticsInput): FigureValues {
  const { userId } = principal;
  const now = ctx.clock.now();
  const [projects, teams] = [idsOf(input.project), idsOf(input.team)];
  return {
    places: placesOf(visibility(principal, 'task:read')),
    project: projects[0] ?? nilId,
    projects,
    team: teams[0] ?? nilId,
    teams,
    assignees: (input.assignee ?? []).map((user) => (user === 'me' ? userId : user)),
    createdAfter: new Date(input.createdAfter ?? 0),
    createdBefore: new Date(input.createdBefore ?? 0),
    now,
    weekAgo: new Date(now.getTime() - weekMs),
  };
}

/** The places that a filter names, as far as the caller sees them. Undefined for all places. */
function within(given: readonly string[] | undefined, seen: readonly string[] | undefined) {
  if (given === undefined || seen === undefined) return given ?? seen;
  return given.filter((place) => seen.includes(place));
}

/** The ids under which sums are kept for some places. */
const keptUnder = (places: readonly string[] | undefined): string[] =>
  places?.map((place) => (place === 'none' ? maxId : place)) ?? [nilId];

/** What to read from sums for these filters. Null when the figures must be read from the tasks. */
function sumsFor(
  ctx: ServiceContext,
  principal: Principal,
  { project, team, assignee, createdAfter, createdBefore }: AnalyticsInput,
): { shape: SumShape; values: SumValues } | null {
  if (assignee !== undefined || createdAfter !== undefined || createdBefore !== undefined) return null;
  const seen = visibility(principal, 'task:read');
  if (seen === 'none') return null;
  const visible = visibleOf(seen);
  if (typeof seen !== 'string' && (visible === 'mixed' || seen.some(({ own }) => own))) return null;
  const places = placesOf(seen);
  const teams = within(team, visible === 'teams' ? places : undefined);
  const projects = within(project, visible === 'projects' ? places : undefined);
  const now = ctx.clock.now();
  const today = dayOf(now);
  const weekAgo = new Date(now.getTime() - weekMs);
  const weekHour = hourOf(weekAgo);
  return {
    shape: {
      teams: choiceOf(teams) ?? null,
      projects: choiceOf(projects) ?? null,
      shut: !opensClosed(principal, 'project:read_private'),
    },
    values: {
      teams: keptUnder(teams),
      projects: keptUnder(projects),
      now,
      midnight: new Date(today * dayMs),
      today,
      weekAgo,
      weekHourEnd: new Date((weekHour + 1) * hourMs),
      weekHour,
    },
  };
}

/** Whether the figures are those of the whole organization in a period. */
const isWhole = (principal: Principal, { project, team, assignee }: FigureShape): boolean =>
  project === null && team === null && !assignee && seesAll(principal, 'task:read');

/** The statements that read the same figures from sums, from the indexes of the organization, and from the tasks that filters leave. */
interface Ways<Row> {
  summed: (shape: SumShape) => Statement<SumValues, Row>;
  whole: (shape: FigureShape) => Statement<FigureValues, Row>;
  filtered: (shape: FigureShape) => Statement<FigureValues, Row>;
}

const figureWays = { summed: summedFigures, whole: wholeFigures, filtered: filteredFigures };
const countWays = { summed: summedCounts, whole: wholeCounts, filtered: filteredCounts };

/** Reads figures in the cheapest way that the filters and the caller's visibility allow. */
function readCheaply<Row>(
  db: ReadDoor,
  { summed, whole, filtered }: Ways<Row>,
  ctx: ServiceContext,
  principal: Principal,
  input: AnalyticsInput,
): Promise<Row[]> {
  const sums = sumsFor(ctx, principal, input);
  if (sums) return db.run(summed(sums.shape), sums.values);
  const shape = shapeOf(principal, input);
  const way = isWhole(principal, shape) ? whole : filtered;
  return db.run(way(shape), valuesOf(ctx, principal, input));
}

/** The figures about the tasks that the caller sees outside the trash (E1). */
export async function getTaskAnalytics(ctx: ServiceContext, input: AnalyticsInput): Promise<TaskAnalytics> {
  authorize(ctx, 'analytics:read');
  const { principal } = ctx;
  const [counts] = await read(ctx, (db) => readCheaply(db, figureWays, ctx, principal, input));
  if (!counts) throw new Error('Figures were answered without a row.');
  const { todo, in_progress, in_review, done, archived, measured, spent, overdue, completedThisWeek } = counts;
  const { low, medium, high, urgent, critical } = counts;
  return {
    total: todo + in_progress + in_review + done + archived,
    byStatus: { todo, in_progress, in_review, done, archived },
    byPriority: { low, medium, high, urgent, critical },
    overdue,
    completedThisWeek,
    avgCompletionTimeHours: measured === 0 ? null : roundedQuotient(BigInt(spent), BigInt(measured)) / 100,
  };
}

const noCounts: StatusFigures = { todo: 0, in_progress: 0, in_review: 0, done: 0 };

const taskCounts = ({ todo, in_progress, in_review, done }: StatusFigures): TaskCounts => ({
  total: todo + in_progress + in_review + done,
  completed: done,
  pending: todo,
  inProgress: in_progress + in_review,
});

/** The figures about the caller's own tasks, and about all that they see. Archived tasks and the trash do not count (E2). */
export async function getOwnAnalytics(ctx: ServiceContext, input: AnalyticsInput): Promise<OwnAnalytics> {
  authorize(ctx, 'analytics:read');
  const { principal } = ctx;
  return read(ctx, async (db) => {
    const [[mine], [team]] = await Promise.all([
      db.run(ownCounts(shapeOf(principal, input)), valuesOf(ctx, principal, input)),
      readCheaply(db, countWays, ctx, principal, input),
    ]);
    const myTasks = taskCounts(mine ?? noCounts);
    const { estimated, spent } = mine ?? { estimated: 0, spent: 0 };
    return {
      myTasks,
      teamTasks: taskCounts(team ?? noCounts),
      efficiencyScore: efficiencyScore({ ...myTasks, estimated, spent }),
    };
  });
}
