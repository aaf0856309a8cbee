import type { Deprecation } from './meta.ts';

const day = /^\d{4}-\d\d-\d\d$/;
const shortestNoticeDays = 180;

const instantOf = (date: string): number => (day.test(date) ? Date.parse(date) : NaN);

/**
 * Checks a declaration against the policy in docs/deprecation.md.
 * @throws Error when a day does not exist, or when the sunset is less than 180 days after the deprecation
 */
export function checkDeprecation({ since, sunset }: Deprecation): void {
  for (const date of [since, ...(sunset === undefined ? [] : [sunset])])
    if (Number.isNaN(instantOf(date))) throw new Error(`${date} is not a day, such as 2026-01-31.`);
  if (sunset !== undefined && instantOf(sunset) - instantOf(since) < shortestNoticeDays * 86_400_000)
    throw new Error(`A sunset is at least ${shortestNoticeDays} days after the deprecation.`);
}

/** The headers of every answer of a deprecated operation (RFC 9745 and RFC 8594). A day begins at midnight in UTC. */
export const deprecationHeaders = ({ since, sunset }: Deprecation): Readonly<Record<string, string>> => ({
  deprecation: `@${instantOf(since) / 1000}`,
  ...(sunset !== undefined && { sunset: new Date(instantOf(sunset)).toUTCString() }),
});

/** What the documentation says after the word deprecated. */
export const deprecationNotice = ({ since, sunset, replacedBy }: Deprecation): string =>
  [
    `since ${since}.`,
    sunset === undefined ? '' : ` It may be removed after ${sunset}.`,
    replacedBy === undefined ? '' : ` Use \`${replacedBy}\` instead.`,
  ].join('');
