import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Job } from '../jobs/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Platform } from '../platform.ts';
import { TaskAssigneeEntity, TaskEntity } from '../work/tasks/task.entity.ts';
import { positionOf } from '../work/tasks/task.position.ts';
import { projectCounter } from '../work/tasks/task.project.ts';

/** An organization, and who creates the tasks. */
interface Garden {
  id: string;
  owner: { userId: string };
}

interface Seed {
  /** How many tasks there are below the first one. */
  size: number;
  /** Whom all of them are assigned to. @default nobody */
  assigneeId?: string;
  /** The project in which they are, which has no other tasks. @default none */
  projectId?: string;
}

/** Two thirds are direct subtasks of the first task, most of the others are one level below, and a few are a chain. */
const parentIndex = (index: number, size: number): number => {
  if (index <= (2 * size) / 3) return 0;
  if (index <= size - 50) return Math.floor(index / 10);
  return index - 1;
};

/** Writes a task of the owner with many subtasks directly to the database. Answers its id. */
export async function seedTree(
  platform: Platform,
  { id: organizationId, owner: { userId } }: Garden,
  { size, assigneeId, projectId }: Seed,
): Promise<string> {
  const now = platform.clock.now();
  const ids = Array.from({ length: size + 1 }, () => uuidv7());
  await writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
    const counters = await unit.db
      .selectFrom('counters')
      .select(['name', 'value'])
      .where('organization_id', '=', organizationId)
      .execute();
    const known = new Map(counters.map(({ name, value }) => [name, value]));
    const rows = ids.map((id, index) => ({
      organizationId,
      id,
      number: (known.get('task') ?? 0) + index + 1,
      title: `Task ${index}`,
      titleSort: `task ${index}`,
      status: 'todo' as const,
      statusRank: 0,
      priority: 'medium' as const,
      priorityRank: 1,
      ...(projectId !== undefined && { projectId, projectNumber: index + 1, position: positionOf(index + 1) }),
      parentId: index === 0 ? null : (ids[parentIndex(index, size)] ?? null),
      isLinked: false,
      version: 1,
      createdAt: now,
      createdById: userId,
      updatedAt: now,
      updatedById: userId,
    }));
    for (let first = 0; first < rows.length; first += 500) {
      const some = rows.slice(first, first + 500);
      await unit.insert(TaskEntity, ...some);
      if (assigneeId)
        await unit.insert(
          TaskAssigneeEntity,
          ...some.map(({ id: taskId }) => ({
            organizationId,
            taskId,
            userId: assigneeId,
            position: 0,
            createdAt: now,
          })),
        );
    }
    for (const name of ['task', 'living tasks', ...(projectId === undefined ? [] : [projectCounter(projectId)])])
      await unit.db
        .insertInto('counters')
        .values({ organization_id: organizationId, name, value: rows.length })
        .onConflict((conflict) =>
          conflict.columns(['organization_id', 'name']).doUpdateSet({ value: (known.get(name) ?? 0) + rows.length }),
        )
        .execute();
  });
  return ids[0] ?? '';
}

/** The job that an operation has started. */
export function started(answer: object | void): Job {
  if (answer && 'finishedAt' in answer) return answer as Job;
  throw new Error('It has done all of its work at once.');
}
