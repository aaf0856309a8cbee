import { expect, it } from 'vitest';
import { respell } from '../testing/respell.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

const secret = 'x'.repeat(32);

it('a cursor is taken back as it was given, and in no other spelling', () => {
  for (let index = 0; index < 60; index += 1) {
    const key = ['a'.repeat(index), index];
    const cursor = encodeCursor(secret, 'tasks', key);
    expect(decodeCursor(secret, 'tasks', cursor)).toEqual(key);
    for (const other of respell(cursor))
      expect(() => decodeCursor(secret, 'tasks', other)).toThrow('belongs to another list');
  }
});
