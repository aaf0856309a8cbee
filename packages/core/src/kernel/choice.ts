/** What the input of a filter contains: one value, several values, `none`, or (`both`) values and `none`. The SQL depends on it. */
export type Choice = 'one' | 'many' | 'none' | 'both';

export function choiceOf(given: readonly string[] | undefined): Choice | undefined {
  if (!given) return undefined;
  if (!given.includes('none')) return given.length === 1 ? 'one' : 'many';
  return given.every((one) => one === 'none') ? 'none' : 'both';
}

/** The values of a filter, without `none`. */
export const idsOf = (given: readonly string[] = []): string[] => given.filter((one) => one !== 'none');
