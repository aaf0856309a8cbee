import { Temporal } from 'temporal-polyfill';
import type { WorkingHours } from '../kernel/principal.ts';

/** C7: 09:00 to 18:00 from Monday to Friday, and at any time for what is critical. */
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

/** Whether the clock on the wall of this time zone shows working hours: a day of 23 or 25 hours has the same ones. */
export const isWithin = (hours: WorkingHours, at: Date, timezone: string): boolean =>
  isOpen(hours, localTime(at, timezone));

/** When working hours begin next, after an instant outside of them; null when they never do. */
export function nextOpening(hours: WorkingHours, at: Date, timezone: string): Date | null {
  const now = localTime(at, timezone);
  for (let days = 0; days <= 7; days++) {
    const date = now.toPlainDate().add({ days });
    // A time that the clocks skip becomes the one after the gap.
    const opening = date.toZonedDateTime({ timeZone: timezone, plainTime: hours.start });
    if (opening.epochMilliseconds > at.getTime() && isOpen(hours, opening)) return new Date(opening.epochMilliseconds);
  }
  return null;
}
