/*
 * The order of the tasks of a project. A position is text of digits, compared byte by byte: ten digits, and more where tasks were put
 * between others. Digits have the same order in every collation. A new task begins with its number in the project, so it is the last one
 * and nobody reads the others to find its place.
 */

/** A place in the order of a project. */
export interface OrderPlace {
  projectId: string;
  position: string;
  /** The field of the input that names the neighbor. */
  field: readonly string[];
}

const width = 10;

/** The position with which a task comes into a project: behind all others. */
export const positionOf = (projectNumber: number): string => String(projectNumber).padStart(width, '0');

/** A position as a count of units of this many digits, rounded up if it has more. */
const ceiling = (position: string, digits: number): bigint =>
  BigInt(position.slice(0, digits).padEnd(digits, '0')) + (position.length > digits ? 1n : 0n);

const floor = (position: string, digits: number): bigint => BigInt(position.slice(0, digits).padEnd(digits, '0'));

/**
 * Makes positions between two others, evenly spaced and as short as possible. The bounds must be in order and differ.
 * @param count how many. @default 1
 */
export function positionsBetween(before: string, after: string, count = 1): string[] {
  for (let digits = width; ; digits++) {
    const low = floor(before, digits);
    const room = ceiling(after, digits) - low;
    if (room <= BigInt(count)) continue;
    return Array.from({ length: count }, (_, index) => {
      const at = low + (room * BigInt(index + 1)) / BigInt(count + 1);
      const text = String(at).padStart(digits, '0');
      // Nothing could come between a position and the same one with zeros behind it.
      return text.slice(0, width) + text.slice(width).replace(/0+$/, '');
    });
  }
}
