import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { JoinedLines } from './joined-lines.ts';

let written: string[];
let lines: JoinedLines;
const flushed = vi.fn<() => void>();

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  const write = (text: string) => void written.push(text);
  lines = new JoinedLines({ write, flush: (done) => done() });
});
afterEach(() => {
  vi.useRealTimers();
  flushed.mockReset();
});

it('passes lines on together after a tenth of a second', () => {
  lines.write('one\n');
  vi.advanceTimersByTime(60);
  lines.write('two\n');
  vi.advanceTimersByTime(39);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(written).toEqual(['one\ntwo\n']);
  vi.advanceTimersByTime(1000);
  expect(written).toHaveLength(1);
});

it('passes many lines on at once, and each only once', () => {
  const line = `${'x'.repeat(99)}\n`;
  for (let count = 0; count < 41; count++) lines.write(line);
  expect(written).toEqual([line.repeat(41)]);
  lines.write('next\n');
  vi.advanceTimersByTime(100);
  expect(written).toEqual([line.repeat(41), 'next\n']);
});

it('flushes what waits', () => {
  lines.write('one\n');
  lines.flush(flushed);
  expect([written, flushed.mock.calls.length]).toEqual([['one\n'], 1]);
  lines.flush();
  vi.advanceTimersByTime(1000);
  expect(written).toHaveLength(1);
});
