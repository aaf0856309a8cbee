import { sql, type SqlBool } from 'kysely';
import { statement, statementFamily } from '../../database/statement.ts';
import { asId, asText } from '../../database/typed-value.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { projects } from '../projects/project.record.ts';
import { workErrors } from '../work.errors.ts';
import { type OrderPlace, positionOf, positionsBetween } from './task.position.ts';
import { projectCounter } from './task.project.ts';

/** A task of a project and its place. */
interface Placed {
  id: string;
  position: string;
}

const placeOfTask = statement((db, { id }: { id: string }) =>
  db
    .selectFrom('tasks')
    .select(['tasks.project_id as projectId', 'tasks.position'])
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null),
);

interface Around extends Readonly<Record<string, unknown>> {
  projectId: string;
  position: string;
  id: string;
  limit: number;
}

/** The next living tasks of a project in one direction. */
const neighbors = statementFamily<'before' | 'after', Around, { id: string; position: string | null }>(
  (db, { projectId, position, id, limit }, _dialect, side) => {
    const [past, direction] = side === 'after' ? [sql`>`, 'asc' as const] : [sql`<`, 'desc' as const];
    return db
      .selectFrom('tasks')
      .select(['tasks.id', 'tasks.position'])
      .where('tasks.project_id', '=', projectId)
      .where('tasks.deleted_at', 'is', null)
      .where(sql<SqlBool>`(tasks.position, tasks.id) ${past} (${asText(position)}, ${asId(id)})`)
      .orderBy('tasks.position', direction)
      .orderBy('tasks.id', direction)
      .limit(sql<number>`${limit}`);
  },
);

/** Reads the next tasks beside a place, whether the caller sees them or not. The nearest comes first. */
async function readBeside(
  unit: Unit,
  projectId: string,
  { id, position }: Placed,
  side: 'before' | 'after',
  limit: number,
): Promise<Placed[]> {
  const rows = await unit.invisible.run(neighbors(side), { projectId, position, id, limit });
  return rows.flatMap((row) => (row.position === null ? [] : [{ id: row.id, position: row.position }]));
}

/** A position that no task of the project has reached yet. */
async function endOf({ db }: Unit, projectId: string): Promise<string> {
  const counter = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', projectCounter(projectId))
    .executeTakeFirst();
  return positionOf((counter?.value ?? 0) + 1);
}

/** Positions longer than this make room around them. They get longer by a digit with about three moves to the same place. */
const longestPosition = 24;

/** How many tasks on each side get new positions when room is made. */
const mostMoved = 250;

const setPosition = statement((db, { id, position }: { id: string; position: string }) =>
  db.updateTable('tasks').set({ position }).where('tasks.id', '=', id),
);

/**
 * Spaces the tasks around one evenly, in their order. Their versions stay the same, because nothing about them has changed but the text
 * that stands for the order.
 */
async function makeRoom(unit: Unit, projectId: string, around: Placed): Promise<void> {
  const earlier = await readBeside(unit, projectId, around, 'before', mostMoved + 1);
  const later = await readBeside(unit, projectId, around, 'after', mostMoved + 1);
  const low = earlier[mostMoved]?.position ?? '';
  const high = later[mostMoved]?.position ?? (await endOf(unit, projectId));
  const spaced = [...earlier.slice(0, mostMoved).toReversed(), around, ...later.slice(0, mostMoved)];
  const positions = positionsBetween(low, high, spaced.length);
  await Promise.all(
    spaced.map(({ id }, at) => unit.invisible.run(setPosition, { id, position: positions[at] ?? around.position })),
  );
}

/** The tasks between which another one comes. At least one is given. */
export interface Neighbors {
  after?: string | undefined;
  before?: string | undefined;
}

interface Bounds {
  projectId: string;
  /** Null at the beginning and at the end. */
  low: Placed | null;
  high: Placed | null;
}

/**
 * Reads a neighbor as far as the caller sees it.
 * @throws `task_not_found`, `neighbor_in_other_project` when it is in no project, or is the moved task itself
 */
async function readNeighbor(unit: Unit, id: string, movedId: string, field: string) {
  const [found] = await unit.db.run(placeOfTask, { id });
  if (!found) throw workErrors.task_not_found({ field: [field] });
  const { projectId, position } = found;
  if (projectId === null || position === null || id === movedId)
    throw workErrors.neighbor_in_other_project({ field: [field] });
  return { projectId, task: { id, position } };
}

/** Finds the two tasks between which a task comes. It does not count itself. */
async function boundsOf(unit: Unit, movedId: string, { after, before }: Neighbors): Promise<Bounds> {
  const beside = async (projectId: string, task: Placed, side: 'before' | 'after') =>
    (await readBeside(unit, projectId, task, side, 2)).find(({ id }) => id !== movedId) ?? null;
  if (after === undefined) {
    const { projectId, task } = await readNeighbor(unit, before ?? '', movedId, 'before');
    return { projectId, low: await beside(projectId, task, 'before'), high: task };
  }
  const { projectId, task } = await readNeighbor(unit, after, movedId, 'after');
  if (before === undefined) return { projectId, low: task, high: await beside(projectId, task, 'after') };
  const other = await readNeighbor(unit, before, movedId, 'before');
  if (other.projectId !== projectId) throw workErrors.neighbor_in_other_project({ field: ['before'] });
  const { task: high } = other;
  if (task.position > high.position || after === before) throw workErrors.neighbors_out_of_order({ field: ['before'] });
  return { projectId, low: task, high };
}

/** Makes a position between two tasks. Null when nothing comes between them: one of the two was in the trash meanwhile. */
async function positionIn(unit: Unit, { projectId, low, high }: Bounds): Promise<string | null> {
  const [from, to] = [low?.position ?? '', high?.position ?? (await endOf(unit, projectId))];
  return from < to ? (positionsBetween(from, to)[0] ?? null) : null;
}

/**
 * Finds the place between other tasks in the order of their project. The project is locked until commit, so that nobody changes the
 * order meanwhile.
 * @throws `task_not_found` when the caller does not see a neighbor, `neighbor_in_other_project`, `neighbors_out_of_order`
 */
export async function placeBetween(unit: Unit, movedId: string, neighbors: Neighbors): Promise<OrderPlace> {
  const field = [neighbors.after === undefined ? 'before' : 'after'];
  const { projectId } = await boundsOf(unit, movedId, neighbors);
  await projects.lockMany(unit, { id: projectId }, { invisible: true });
  // A neighbor may have been moved while the project was waited for.
  const bounds = await boundsOf(unit, movedId, neighbors);
  if (bounds.projectId !== projectId) throw workErrors.neighbor_in_other_project({ field });
  const position = await positionIn(unit, bounds);
  if (position !== null && position.length <= longestPosition) return { projectId, position, field };
  const around = bounds.low ?? bounds.high;
  if (around) await makeRoom(unit, projectId, around);
  const found = await positionIn(unit, await boundsOf(unit, movedId, neighbors));
  if (found === null) throw new Error('There is no room between two tasks, although it was made.');
  return { projectId, position: found, field };
}
