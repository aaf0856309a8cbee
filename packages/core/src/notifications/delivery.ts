import { Temporal } from 'temporal-polyfill';
import type { MailChoice } from './notification.types.ts';

/** When a person wants mails. Times are `HH:MM` in their time zone. */
export interface Delivery {
  timezone: string;
  quietHours: { from: string; to: string } | null;
  digestAt: string;
}

const localTime = (at: Date, timezone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone);

const clockOf = (time: Temporal.ZonedDateTime): string => time.toPlainTime().toString({ smallestUnit: 'minute' });

function isQuiet({ quietHours }: Delivery, time: Temporal.ZonedDateTime): boolean {
  if (!quietHours) return false;
  const { from, to } = quietHours;
  const clock = clockOf(time);
  // Hours that end before they begin cross midnight.
  return from < to ? clock >= from && clock < to : clock >= from || clock < to;
}

/** Long enough for a time of day that a change of the clocks skips once. */
const daysAhead = 2;

/** The instants at which the clock shows a time, starting with the given day. When the clocks go back, it may show a time twice. */
const instantsOf = (time: string, from: Temporal.ZonedDateTime): Temporal.ZonedDateTime[] =>
  Array.from({ length: daysAhead + 1 }, (_, days) => {
    const local = from.toPlainDate().add({ days }).toPlainDateTime(time);
    return (['earlier', 'later'] as const).map((disambiguation) =>
      local.toZonedDateTime(from.timeZoneId, { disambiguation }),
    );
  }).flat();

const earliest = (times: readonly Temporal.ZonedDateTime[]): Temporal.ZonedDateTime | undefined =>
  times.toSorted((a, b) => a.epochMilliseconds - b.epochMilliseconds)[0];

/** The end of the quiet hours at an instant, or the instant itself outside of them. A change of the clocks may end them early. */
function afterQuiet(delivery: Delivery, at: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  if (!delivery.quietHours || !isQuiet(delivery, at)) return at;
  const change = at.getTimeZoneTransition('next');
  const ends = [...instantsOf(delivery.quietHours.to, at), ...(change ? [change] : [])];
  return earliest(ends.filter((end) => end.epochMilliseconds > at.epochMilliseconds && !isQuiet(delivery, end))) ?? at;
}

/** The next time of the daily mail: once a day, even on days of 23 or 25 hours. */
function nextDigest({ digestAt }: Delivery, at: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  const days = Array.from({ length: daysAhead + 1 }, (_, index) => at.toPlainDate().add({ days: index }));
  const times = days.map((day) => day.toPlainDateTime(digestAt).toZonedDateTime(at.timeZoneId));
  return times.find((time) => time.epochMilliseconds > at.epochMilliseconds) ?? at;
}

/** When the mail about a notification is due: at once or with the next daily mail, and never in quiet hours. Null if there is none. */
export function mailAt(email: MailChoice, at: Date, delivery: Delivery): Date | null {
  if (email === 'off') return null;
  const now = localTime(at, delivery.timezone);
  const due = afterQuiet(delivery, email === 'now' ? now : nextDigest(delivery, now));
  return new Date(due.epochMilliseconds);
}
