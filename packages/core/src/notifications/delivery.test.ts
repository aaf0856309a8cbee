import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivery, mailAt } from './delivery.ts';

const living = (timezone: string, more: Partial<Delivery> = {}): Delivery => ({
  timezone,
  quietHours: null,
  digestAt: '08:00',
  ...more,
});
const at = (instant: string) => new Date(instant);
const berlin = (more: Partial<Delivery> = {}) => living('Europe/Berlin', more);
const night = { quietHours: { from: '22:00', to: '07:00' } };

describe('the time of a mail', () => {
  it.each([
    ['at once', 'now', '2026-01-15T12:00:00Z', berlin(), '2026-01-15T12:00:00Z'],
    [
      'at the end of quiet hours that cross midnight',
      'now',
      '2026-01-15T22:00:00Z',
      berlin(night),
      '2026-01-16T06:00:00Z',
    ],
    ['at once in the first minute after them', 'now', '2026-01-16T06:00:00Z', berlin(night), '2026-01-16T06:00:00Z'],
    ['at once in the last minute before them', 'now', '2026-01-15T20:59:59Z', berlin(night), '2026-01-15T20:59:59Z'],
    ['later on the day of a digest', 'digest', '2026-01-15T06:59:59Z', berlin(), '2026-01-15T07:00:00Z'],
    ['with the next digest, once one is sent', 'digest', '2026-01-15T07:00:00Z', berlin(), '2026-01-16T07:00:00Z'],
    [
      'after quiet hours when the digest is in them',
      'digest',
      '2026-01-15T12:00:00Z',
      berlin({ ...night, digestAt: '23:00' }),
      '2026-01-16T06:00:00Z',
    ],
    ['in the time zone of the person', 'digest', '2026-01-15T12:00:00Z', living('Asia/Tokyo'), '2026-01-15T23:00:00Z'],
  ] as const)('is %s', (_name, email, now, delivery, expected) => {
    expect(mailAt(email, at(now), delivery)).toEqual(at(expected));
  });

  it('is never when there is no mail', () => {
    expect(mailAt('off', at('2026-01-15T12:00:00Z'), berlin())).toBeNull();
  });
});

describe('when the clocks change', () => {
  it.each([
    ['a night that is an hour shorter', 'now', '2026-03-28T22:00:00Z', berlin(night), '2026-03-29T05:00:00Z'],
    ['a night that is an hour longer', 'now', '2026-10-24T21:00:00Z', berlin(night), '2026-10-25T06:00:00Z'],
    ['a digest before the change', 'digest', '2026-03-28T12:00:00Z', berlin(), '2026-03-29T06:00:00Z'],
    [
      'a digest at a time that the clock skips',
      'digest',
      '2026-03-28T12:00:00Z',
      berlin({ digestAt: '02:30' }),
      '2026-03-29T01:30:00Z',
    ],
    [
      'a digest at a time that comes twice, at the first of them',
      'digest',
      '2026-10-24T12:00:00Z',
      berlin({ digestAt: '02:30' }),
      '2026-10-25T00:30:00Z',
    ],
    [
      'no second digest an hour later',
      'digest',
      '2026-10-25T00:30:00Z',
      berlin({ digestAt: '02:30' }),
      '2026-10-26T01:30:00Z',
    ],
    [
      'quiet hours whose end the clock skips',
      'now',
      '2026-03-29T00:30:00Z',
      berlin({ quietHours: { from: '01:00', to: '02:30' } }),
      '2026-03-29T01:00:00Z',
    ],
    [
      'quiet hours that come twice, in the first hour',
      'now',
      '2026-10-25T00:15:00Z',
      berlin({ quietHours: { from: '02:00', to: '02:30' } }),
      '2026-10-25T00:30:00Z',
    ],
    [
      'quiet hours that come twice, in the second hour',
      'now',
      '2026-10-25T01:15:00Z',
      berlin({ quietHours: { from: '02:00', to: '02:30' } }),
      '2026-10-25T01:30:00Z',
    ],
  ] as const)('there is %s', (_name, email, now, delivery, expected) => {
    expect(mailAt(email, at(now), delivery)).toEqual(at(expected));
  });

  const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kolkata'];
  const minute = fc
    .integer({ min: 0, max: 24 * 60 - 1 })
    .map((count) => [Math.floor(count / 60), count % 60].map((part) => String(part).padStart(2, '0')).join(':'));
  /** The local time as the runtime formats it, which `mailAt` does not use. */
  const clockIn = (timeZone: string, instant: Date) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
      instant,
    );

  it('no mail is ever sent in quiet hours, nor before it is told, nor more than two days later', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.date({ min: at('2025-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z'), noInvalidDate: true }),
        fc.tuple(minute, minute).filter(([from, to]) => from !== to),
        minute,
        fc.constantFrom('now' as const, 'digest' as const),
        (timezone, now, [from, to], digestAt, email) => {
          const due = mailAt(email, now, { timezone, quietHours: { from, to }, digestAt });
          if (!due) throw new Error('There must be a mail.');
          expect(due.getTime()).toBeGreaterThanOrEqual(now.getTime());
          expect(due.getTime() - now.getTime()).toBeLessThanOrEqual(49 * 3_600_000);
          const clock = clockIn(timezone, due);
          expect(from < to ? clock >= from && clock < to : clock >= from || clock < to).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });
});
