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

/** When working hours begin next, for an instant outside of them; null if they never begin. */
export function nextOpening(hours: WorkingHours, at: Date, timezone: string): Date | null {
  const now = localTime(at, timezone);
  for (let days = 0; days <= 7; days++) {
    const date = now.toPlainDate().add({ days });
    // A local time that the clock change skips becomes the time after the gap.
    const opening = date.toZonedDateTime({ timeZone: timezone, plainTime: hours.start });
    if (opening.epochMilliseconds > at.getTime() && isOpen(hours, opening)) return new Date(opening.epochMilliseconds);
  }
  return null;
}
