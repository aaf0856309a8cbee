import { Temporal } from 'temporal-polyfill';
import type { WorkingHours } from '../kernel/principal.ts';

/** C7: 09:00 to 18:00 from Monday to Friday, and at any time for critical tasks. */
export const usualWorkingHours: WorkingHours = {
  start: '09:00',
  end: '18:00',
  days: [1, 2, 3, 4, 5],
  exemptPriorities: ['critical'],
};

const endOfDay = '24:00';

const localTime = (at: Date, timezone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone);

const clockOf = (time: Temporal.ZonedDateTime): string => time.toPlainTime().toString({ smallestUnit: 'minute' });

const isOpen = ({ start, end, days }: WorkingHours, time: Temporal.ZonedDateTime): boolean =>
  days.includes(time.dayOfWeek) && clockOf(time) >= start && (end === endOfDay || clockOf(time) < end);

/** Whether the local time in this time zone is within working hours. A day of 23 or 25 hours has the same local hours. */
export const isWithin = (hours: WorkingHours, at: Date, timezone: string): boolean =>
  isOpen(hours, localTime(at, timezone));

/** Long enough for a weekly opening that a change of the clocks skips once. */
const daysAhead = 15;

/**
 * When working hours begin next, for an instant outside of them; null if they never begin. They can begin only where their start
 * is on the clock, which is twice on the night when the clocks go back, or where a change of the clocks jumps into them. Each of
 * these instants is checked by the rule that decides.
 */
export function nextOpening(hours: WorkingHours, at: Date, timezone: string): Date | null {
  const now = localTime(at, timezone);
  const last = now.add({ days: daysAhead });
  const candidates: Temporal.ZonedDateTime[] = [];
  for (let days = 0; days <= daysAhead; days++) {
    const start = now.toPlainDate().add({ days }).toPlainDateTime(hours.start);
    for (const disambiguation of ['earlier', 'later'] as const)
      candidates.push(start.toZonedDateTime(timezone, { disambiguation }));
  }
  for (let change = now.getTimeZoneTransition('next'); change; change = change.getTimeZoneTransition('next')) {
    if (change.epochMilliseconds > last.epochMilliseconds) break;
    candidates.push(change);
  }
  const opening = candidates
    .filter((one) => one.epochMilliseconds > at.getTime() && isOpen(hours, one))
    .sort((a, b) => a.epochMilliseconds - b.epochMilliseconds)[0];
  return opening ? new Date(opening.epochMilliseconds) : null;
}
