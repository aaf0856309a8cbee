/** What an update changed, by field: the form in which events keep it (D6). */
export type Changes = Record<string, { from: unknown; to: unknown }>;

const comparable = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : (value ?? null));

const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));

/** The fields whose values differ; dates leave as ISO strings. */
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
