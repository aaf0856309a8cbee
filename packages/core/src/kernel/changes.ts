/** The changes of an update by field, as events store them (D6). */
export type Changes = Record<string, { from: unknown; to: unknown }>;

const comparable = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : (value ?? null));

const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));

/** The fields of `after` whose values differ from `before`. Dates become ISO strings. */
export function diff(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Changes {
  const changes: Changes = {};
  for (const field of Object.keys(after)) {
    const from = comparable(before[field]);
    const to = comparable(after[field]);
    if (!same(from, to)) changes[field] = { from, to };
  }
  return changes;
}

export const isEmpty = (changes: Changes): boolean => Object.keys(changes).length === 0;
