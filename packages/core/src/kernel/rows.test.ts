import { describe, expect, it } from 'vitest';
import { errors } from './errors.ts';
import { Rows } from './rows.ts';

const even = (value: number): number => {
  if (value % 2 !== 0) throw errors.validation_failed({ message: `${value} is odd.`, field: ['value'] });
  return value;
};
const half = (value: number): number => {
  if (value % 4 !== 0) throw errors.permission_denied({ permission: 'half' });
  return value / 2;
};
const call = (mode: 'atomic' | 'perItem') => ({
  mode,
  rowAt: (index: number) => ['items', index],
  fieldsAt: (index: number) => ['items', index, 'changes'],
});

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('the rows of a call', () => {
  it('throw the error of the only row', () => {
    expect(errorOf(() => Rows.one(3).map(even))).toMatchObject({
      code: 'validation_failed',
      details: { field: ['value'] },
    });
    expect(Rows.one(4).map(even).map(half).only).toBe(2);
  });

  it('throw one error that names each row that the first check refuses', () => {
    const check = () => Rows.many([4, 3, 6, 5], call('atomic')).map(even).map(half);
    const fields = [
      { field: ['items', 1], message: '3 is odd.' },
      { field: ['items', 3], message: '5 is odd.' },
    ];
    expect(errorOf(check)).toMatchObject({ code: 'validation_failed', message: '3 is odd.', details: { fields } });
    expect(errorOf(check)).not.toHaveProperty('details.field');
  });

  it('go on without the refused ones, and say why each was refused', () => {
    const rows = Rows.many([4, 3, 6, 8], call('perItem')).map(even).map(half);
    expect([rows.values, rows.size]).toEqual([[2, 4], 2]);
    expect(rows.outcomes()).toEqual([
      { value: 2 },
      {
        refusal: {
          code: 'validation_failed',
          kind: 'validation',
          message: '3 is odd.',
          details: { message: '3 is odd.', field: ['items', 1, 'changes', 'value'] },
        },
      },
      { refusal: expect.objectContaining({ code: 'permission_denied', details: { permission: 'half' } }) },
      { value: 4 },
    ]);
  });

  it('do not take a mistake for a refusal', () => {
    const mistake = () => {
      throw new TypeError('A mistake.');
    };
    for (const rows of [Rows.one(1), Rows.many([1], call('perItem'))])
      expect(() => rows.map(mistake)).toThrow(TypeError);
  });
});
