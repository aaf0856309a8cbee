/** What a filter was given that takes several values, and perhaps `none`. `both` is values and `none`. The SQL depends on it. */
export type Choice = 'one' | 'many' | 'none' | 'both';

export function choiceOf(given: readonly string[] | undefined): Choice | undefined {
  if (!given) return undefined;
  if (!given.includes('none')) return given.length === 1 ? 'one' : 'many';
  return given.every((one) => one === 'none') ? 'none' : 'both';
}

/** The values that a filter was given, without `none`. */
export const idsOf = (given: readonly string[] = []): string[] => given.filter((one) => one !== 'none');
