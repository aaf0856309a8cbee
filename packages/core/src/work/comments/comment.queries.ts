import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf, countAll } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireTask } from '../tasks/index.ts';
import { type Names, namesForUnit, namesIn } from '../tasks/task.names.ts';
import { workErrors } from '../work.errors.ts';
import { comments } from './comment.record.ts';
import type { Comment, CommentListInput, CommentPath } from './comment.schema.ts';

/** The comments that are neither in the trash nor answers to one that is. */
const livingComments = (db: Pick<ReadDoor, 'selectFrom'>) =>
  comments
    .from(db)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('comments as parent')
            .select('parent.id')
            .whereRef('parent.id', '=', 'comments.parent_id')
            .where('parent.deleted_at', 'is not', null),
        ),
      ),
    );

const commentsOf = (db: Pick<ReadDoor, 'selectFrom'>, taskId: string) =>
  livingComments(db).where('comments.task_id', '=', taskId);

const oneComment = statement((db, { taskId, commentId }: { taskId: string; commentId: string }) =>
  comments.select(commentsOf(db, taskId).where('comments.id', '=', commentId), 'createdById', 'mentionIds'),
);

const countRows = statement<{ taskIds: readonly string[] }, { taskId: string; count: number }>(
  (db, { taskIds }, dialect) =>
    livingComments(db)
      .select(['comments.task_id as taskId', countAll().as('count')])
      .where(anyOf(dialect, 'comments.task_id', taskIds))
      .groupBy('comments.task_id'),
);

/** Counts the comments of some tasks, as far as the caller sees them. Returns a function that answers the number of one task. */
export async function countComments(
  db: ReadDoor,
  taskIds: readonly string[],
): Promise<(taskId: string) => { commentCount: number }> {
  const found = new Map((await db.run(countRows, { taskIds })).map(({ taskId, count }) => [taskId, count]));
  return (taskId) => ({ commentCount: found.get(taskId) ?? 0 });
}

/** Shows comments with the people that they mention. */
async function show(
  db: ReadDoor,
  names: Names,
  rows: readonly Readonly<{ mentionIds: readonly string[] }>[],
): Promise<Comment[]> {
  await names.load(
    db,
    rows.map(({ mentionIds }) => mentionIds),
    [],
  );
  return rows.map((row) =>
    comments.show(row, { mentions: row.mentionIds.flatMap((id) => names.people.get(id) ?? []) }),
  );
}

async function readComment(db: ReadDoor, names: Names, { taskId, commentId }: CommentPath): Promise<Comment> {
  const [comment] = await show(db, names, await db.run(oneComment, { taskId, commentId }));
  if (!comment) throw workErrors.comment_not_found();
  return comment;
}

/** The answer of a mutation: a comment that it has added or changed. */
export const answerComment = async (unit: Unit, path: CommentPath): Promise<Comment> =>
  readComment(unit.db, await namesForUnit(unit), path);

/**
 * Lists the comments of a task.
 * @throws `task_not_found`
 */
export async function listComments(ctx: ServiceContext, input: CommentListInput): Promise<Page<Comment>> {
  authorize(ctx, 'comment:read');
  const names = await namesIn(ctx);
  return read(ctx, async (db) => {
    await requireTask(db, input.taskId);
    return comments.page(ctx, db, input, commentsOf(db, input.taskId), `comments ${input.taskId}`, (rows) =>
      show(db, names, rows),
    );
  });
}

/** @throws `task_not_found`, `comment_not_found` */
export async function getComment(ctx: ServiceContext, path: CommentPath): Promise<Comment> {
  authorize(ctx, 'comment:read');
  const names = await namesIn(ctx);
  return read(ctx, async (db) => {
    await requireTask(db, path.taskId);
    return readComment(db, names, path);
  });
}

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

const commentIds = statement((db, { ids }: Ids, dialect) =>
  livingComments(db)
    .select('comments.id')
    .where(anyOf(dialect, 'comments.id', ids)),
);

/** Reads the ids of those of some comments that the door shows. */
export async function visibleComments(db: ReadDoor, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = ids.length > 0 ? await db.run(commentIds, { ids }) : [];
  return new Set(rows.map(({ id }) => id));
}
