import { type RawBuilder, sql, type SqlBool } from 'kysely';

/*
 * The path of a department is the ids from the root down to itself, each followed by a slash. Only the departments below it have
 * paths that begin with its path, so a subtree is one range of the index on the path, on both databases.
 */

/** How many levels a tree may have. */
export const maxDepth = 10;

/** @param parentPath empty for a root */
export const pathOf = (parentPath: string, id: string): string => `${parentPath}${id}/`;

/** Returns the ids in a path, the root's first. */
export const idsOf = (path: string): string[] => path.split('/').slice(0, -1);

/** Returns the ids in the path `to` that are not in the path `from`: the departments that a move enters. */
export function enteredIds(from: string | undefined, to: string): string[] {
  const before = idsOf(from ?? '');
  return idsOf(to).filter((id) => !before.includes(id));
}

export const depthOf = (path: string): number => idsOf(path).length;

/** Returns the depth of a path from its length in characters, as all ids are equally long. */
export const depthOfLength = (length: number): number =>
  length / pathOf('', '00000000-0000-0000-0000-000000000000').length;

/** Whether the path in a column is `top` or below it. */
export const isWithinPath = (path: string, top: string): RawBuilder<SqlBool> =>
  // The tilde sorts after every character of an id.
  sql<SqlBool>`(${sql.ref(path)} >= ${top} and ${sql.ref(path)} < ${`${top}~`})`;
