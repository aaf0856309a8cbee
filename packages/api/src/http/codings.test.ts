import { expect, test } from 'vitest';
import { codingOf } from './codings.ts';

test.each([
  [undefined, null],
  ['', null],
  ['identity', null],
  ['deflate, zstd', null],
  ['gzip', 'gzip'],
  ['br', 'br'],
  ['gzip, deflate, br', 'br'],
  ['GZIP', 'gzip'],
  ['*', 'br'],
  ['*;q=0', null],
  ['br;q=0, *', 'gzip'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['gzip ; q=0.001', 'gzip'],
  ['gzip;q=0', null],
  ['gzip;q=0.000, br;q=0.0', null],
  ['gzip;q=1.5', null],
  ['gzip;level=9', null],
  ['identity, gzip;q=0.5', null],
  ['identity;q=0.5, gzip;q=0.5', 'gzip'],
  [',,gzip,', 'gzip'],
])('of Accept-Encoding: %s it chooses %s', (header, coding) => {
  expect(codingOf(header)).toBe(coding);
});
