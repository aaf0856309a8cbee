import { describe, expect, it } from 'vitest';
import { Memo } from './memo.ts';

/** Makes a memo, and records the keys for which it made a value. */
function noting(limit: number) {
  const memo = new Memo<number, string>(limit);
  const made: number[] = [];
  const use = (key: number) =>
    memo.get(key, () => {
      made.push(key);
      return `value ${key}`;
    });
  return { made, use };
}

describe('a memo', () => {
  it('makes the value of a key once', () => {
    const { made, use } = noting(10);
    expect([use(1), use(2), use(1)]).toEqual(['value 1', 'value 2', 'value 1']);
    expect(made).toEqual([1, 2]);
  });

  it('keeps what is used again and again, however many other keys come', () => {
    const { made, use } = noting(10);
    for (let key = 1; key <= 1000; key++) {
      use(0);
      use(key);
    }
    expect(made.filter((key) => key === 0)).toHaveLength(1);
  });

  it('drops what has not been used for a while', () => {
    const { made, use } = noting(10);
    for (let key = 0; key <= 10; key++) use(key);
    use(10);
    use(0);
    expect(made).toEqual([...Array(11).keys(), 0]);
  });
});
