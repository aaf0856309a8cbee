import { expect, test } from 'vitest';
import './tick-shape.ts';

test('the object of a tick stays alive', () => {
  const symbol = Object.getOwnPropertySymbols(process).find(({ description }) => description === 'a tick');
  const tick: unknown = symbol && Reflect.get(process, symbol);
  expect(tick).toHaveProperty('callback');
});
