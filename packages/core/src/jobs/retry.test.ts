import { describe, expect, it } from 'vitest';
import { errors } from '../kernel/errors.ts';
import { failureMessage, retryDelayMs } from './retry.ts';

describe('retryDelayMs', () => {
  it('doubles from 5 seconds to an hour', () => {
    const latest = [1, 2, 3, 4, 20].map((attempt) => retryDelayMs(attempt, () => 1));
    expect(latest).toEqual([5000, 10_000, 20_000, 40_000, 3_600_000]);
  });

  it('spreads jobs that failed together over the second half of the wait', () => {
    expect(retryDelayMs(2, () => 0)).toBe(5000);
    expect(retryDelayMs(2, () => 0.5)).toBe(7500);
  });
});

describe('failureMessage', () => {
  it('shows the code of our own errors', () => {
    expect(failureMessage(errors.database_busy())).toBe('database_busy: The database is busy. Try again in a moment.');
  });

  it.each([
    ['connect postgres://tenon:hunter2@db:5432/tenon failed', 'hunter2'],
    ['401 for Authorization: Bearer abcdef', 'abcdef'],
    ['sent {"password":"hunter2"}', 'hunter2'],
    ['bad key sk_live_4f9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c', '4f9a0b1c'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl expired', 'c2lnbmF0dXJl'],
    ["insert into users (email) values ('ada@example.com') - UNIQUE constraint failed: users.email", 'ada@example.com'],
  ])('keeps secrets out: %s', (message, secret) => {
    expect(failureMessage(new Error(message))).not.toContain(secret);
  });

  it('keeps what an operator needs', () => {
    expect(failureMessage(new TypeError('task 0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000 has no title'))).toBe(
      'TypeError: task 0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000 has no title',
    );
    expect(failureMessage('x'.repeat(2000))).toHaveLength(500);
  });
});
