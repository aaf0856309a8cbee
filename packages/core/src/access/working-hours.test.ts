import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { isWithin, nextOpening, usualWorkingHours } from './working-hours.ts';

const berlin = 'Europe/Berlin';
const newYork = 'America/New_York';

describe('working hours', () => {
  // Berlin changes from +01:00 to +02:00 on Sunday 2026-03-29, and back on 2026-10-25. New York: 2026-03-08 and 2026-11-01.
  it.each([
    ['Berlin, winter: 08:59', berlin, '2026-01-12T07:59:59.999Z', false],
    ['Berlin, winter: 09:00', berlin, '2026-01-12T08:00:00Z', true],
    ['Berlin, winter: 17:59', berlin, '2026-01-12T16:59:59.999Z', true],
    ['Berlin, winter: 18:00', berlin, '2026-01-12T17:00:00Z', false],
    ['Berlin, the Friday before the clocks go forward: 09:00', berlin, '2026-03-27T08:00:00Z', true],
    ['Berlin, the Monday after: 08:59', berlin, '2026-03-30T06:59:00Z', false],
    ['Berlin, the Monday after: 09:00', berlin, '2026-03-30T07:00:00Z', true],
    ['Berlin, the Monday after they went back: 08:59', berlin, '2026-10-26T07:59:00Z', false],
    ['Berlin, the Monday after they went back: 09:00', berlin, '2026-10-26T08:00:00Z', true],
    ['New York, the Monday after they went forward: 08:59', newYork, '2026-03-09T12:59:00Z', false],
    ['New York, the Monday after they went forward: 09:00', newYork, '2026-03-09T13:00:00Z', true],
    ['New York, the Monday after they went forward: 17:59', newYork, '2026-03-09T21:59:00Z', true],
    ['New York, the Monday after they went back: 09:00', newYork, '2026-11-02T14:00:00Z', true],
    ['New York, the Monday after they went back: 18:00', newYork, '2026-11-02T23:00:00Z', false],
    ['a Saturday in Berlin', berlin, '2026-01-10T10:00:00Z', false],
    ['Friday evening in UTC, Saturday in Auckland', 'Pacific/Auckland', '2026-01-09T21:00:00Z', false],
    ['Sunday evening in UTC, Monday in Auckland', 'Pacific/Auckland', '2026-01-11T21:00:00Z', true],
  ])('%s', (_what, timezone, at, within) => {
    expect(isWithin(usualWorkingHours, new Date(at), timezone)).toBe(within);
  });

  it('follow local time on the day of a clock change', () => {
    const everyDay = { ...usualWorkingHours, days: [7] };
    expect(isWithin(everyDay, new Date('2026-03-29T06:59:00Z'), berlin)).toBe(false);
    expect(isWithin(everyDay, new Date('2026-03-29T07:00:00Z'), berlin)).toBe(true);
    expect(isWithin(everyDay, new Date('2026-03-29T16:00:00Z'), berlin)).toBe(false);
    expect(isWithin(everyDay, new Date('2026-11-01T13:59:00Z'), newYork)).toBe(false);
    expect(isWithin(everyDay, new Date('2026-11-01T14:00:00Z'), newYork)).toBe(true);
    expect(isWithin(everyDay, new Date('2026-11-01T22:59:00Z'), newYork)).toBe(true);
  });

  it.each([
    ['in the morning, the same day', berlin, '2026-01-12T05:00:00Z', '2026-01-12T08:00:00Z'],
    ['in the evening, the next day', berlin, '2026-01-12T19:00:00Z', '2026-01-13T08:00:00Z'],
    [
      'on Friday evening, on Monday, over the change of the clocks',
      berlin,
      '2026-03-27T18:00:00Z',
      '2026-03-30T07:00:00Z',
    ],
    ['on Saturday, on Monday, over the change of the clocks', newYork, '2026-10-31T12:00:00Z', '2026-11-02T14:00:00Z'],
  ])('begin again %s', (_what, timezone, at, opening) => {
    expect(nextOpening(usualWorkingHours, new Date(at), timezone)).toEqual(new Date(opening));
  });

  it('begin at the end of the gap when the clock change skips their start', () => {
    const early = { start: '02:30', end: '04:00', days: [7], exemptPriorities: [] };
    expect(nextOpening(early, new Date('2026-03-28T12:00:00Z'), berlin)).toEqual(new Date('2026-03-29T01:00:00Z'));
  });

  it.each([
    // The clocks go from 02:00 to 03:00, into the hours.
    ['at the change of the clocks', newYork, '02:30', '03:30', 7, '2026-03-08T06:59:00Z', '2026-03-08T07:00:00Z'],
    // The clocks go from 02:00 back to 01:00, and 01:15 comes again.
    ['a second time in one night', newYork, '01:15', '01:45', 7, '2026-11-01T05:50:00Z', '2026-11-01T06:15:00Z'],
    // The clocks go from 00:00 to 01:00: that Friday has no such hour.
    ['a week later', 'Africa/Cairo', '00:00', '01:00', 5, '2026-04-23T21:59:00Z', '2026-04-30T21:00:00Z'],
  ])('begin again %s', (_what, timezone, start, end, day, at, opening) => {
    const hours = { start, end, days: [day], exemptPriorities: [] };
    expect(nextOpening(hours, new Date(at), timezone)).toEqual(new Date(opening));
  });

  describe('around the changes of the clocks in every time zone', () => {
    const minute = 60_000;
    const year = Temporal.Instant.from('2026-01-01T00:00:00Z');

    /** The changes of 2026. */
    function changesIn(timezone: string): number[] {
      const changes: number[] = [];
      let change = year.toZonedDateTimeISO(timezone).getTimeZoneTransition('next');
      while (change && change.year < 2027) {
        changes.push(change.epochMilliseconds);
        change = change.getTimeZoneTransition('next');
      }
      return changes;
    }

    const cases = Intl.supportedValuesOf('timeZone').flatMap((timezone) =>
      changesIn(timezone).map((change) => ({ timezone, change })),
    );

    it('finds changes', () => expect(cases.length).toBeGreaterThan(100));

    it.each([
      ['00:00', '01:00'],
      ['00:30', '01:30'],
      ['01:15', '01:45'],
      ['02:30', '03:30'],
      ['09:00', '24:00'],
    ])('the hours from %s to %s begin where they are said to', (start, end) => {
      for (const [index, { timezone, change }] of cases.entries()) {
        const hours = { start, end, days: [1, 2, 3, 4, 5, 6, 7], exemptPriorities: [] };
        // Minutes before the change that differ from case to case.
        const at = new Date(change - ((index * 7) % 26) * 5 * minute);
        if (isWithin(hours, at, timezone)) continue;
        const opening = nextOpening(hours, at, timezone);
        const where = { timezone, at: at.toISOString() };
        let first = at.getTime();
        while (!isWithin(hours, new Date(first), timezone)) first += 5 * minute;
        expect({ ...where, opening }).toEqual({ ...where, opening: new Date(first) });
      }
    });
  });

  it('never begin without a day', () => {
    expect(nextOpening({ ...usualWorkingHours, days: [] }, new Date(), berlin)).toBeNull();
  });

  it('can last a whole day', () => {
    const always = { start: '00:00', end: '24:00', days: [1, 2, 3, 4, 5, 6, 7], exemptPriorities: [] };
    for (const at of ['2026-01-12T22:59:59Z', '2026-01-12T23:00:00Z'])
      expect(isWithin(always, new Date(at), berlin)).toBe(true);
  });
});
