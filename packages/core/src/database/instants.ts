import { Memo } from '../kernel/memo.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

const digits = (count: number, width: number): readonly string[] =>
  Array.from({ length: count }, (_, value) => String(value).padStart(width, '0'));

const minutes = digits(24, 2).flatMap((hour) => digits(60, 2).map((minute) => `${hour}:${minute}:`));
const seconds = digits(60, 2);
const milliseconds = digits(1000, 3);

/** Pages show the same few days again and again. */
const days = new Memo<number, string>(5000);

function dayText(day: number): string {
  const text = new Date(day * dayMs).toISOString();
  return text.slice(0, text.indexOf('T') + 1);
}

/**
 * What `new Date(milliseconds).toISOString()` says, put together from parts that are made once: a page of tasks has 150
 * instants, and making them was a tenth of its time.
 * @throws RangeError beyond what a Date can hold
 */
export function isoOf(instant: number): string {
  const day = Math.floor(instant / dayMs);
  const inDay = instant - day * dayMs;
  const minute = Math.floor(inDay / minuteMs);
  const inMinute = inDay - minute * minuteMs;
  const second = Math.floor(inMinute / 1000);
  return `${days.get(day, () => dayText(day))}${minutes[minute]}${seconds[second]}.${milliseconds[inMinute - second * 1000]}Z`;
}
