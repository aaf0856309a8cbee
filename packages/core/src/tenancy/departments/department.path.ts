import { type RawBuilder, sql, type SqlBool } from 'kysely';

/*
 * The path of a department is the ids from the root down to its own, each followed by a slash. The paths of everything below a
 * department begin with its path, and no others do. A subtree is therefore one range of the index on the path, on both databases.
 */

/** How many levels a tree may have. */
export const maxDepth = 10;

/** @param parentPath empty for a root */
export const pathOf = (parentPath: string, id: string): string => `${parentPath}${id}/`;

/** Returns the ids in a path, the root's first. */
export const idsOf = (path: string): string[] => path.split('/').slice(0, -1);

/** The ids in the path `to` that are not in the path `from`: what a move from one to the other enters. */
export function enteredIds(from: string | undefined, to: string): string[] {
  const before = idsOf(from ?? '');
  return idsOf(to).filter((id) => !before.includes(id));
}

export const depthOf = (path: string): number => idsOf(path).length;

/** The depth of a path of this many characters. All ids have the same length. */
export const depthOfLength = (length: number): number =>
  length / pathOf('', '00000000-0000-0000-0000-000000000000').length;

/** Whether the path in a column is this one, or is below it. */
export const isWithinPath = (path: string, top: string): RawBuilder<SqlBool> =>
  // The tilde sorts after every character of an id.
  sql<SqlBool>`(${sql.ref(path)} >= ${top} and ${sql.ref(path)} < ${`${top}~`})`;
