import { appRouter, operationsOf } from '@tenon/api';
import { expect, test } from 'vitest';
import { AccessTokens } from './access-tokens.ts';
import { authCalls } from './auth.ts';
import { isQueryName } from './calls.ts';
import { settingsOf } from './settings.ts';

const operations = [...operationsOf(appRouter)];

test('every operation has a name by which the client knows its type', () => {
  for (const [operationId, { type }] of operations) {
    expect(operationId).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
    const name = operationId.split('.')[1] ?? '';
    expect(
      isQueryName(name),
      `${operationId}: queries are called me, get…, find…, list…, search…, count… or explain…`,
    ).toBe(type === 'query');
  }
});

test('every mutation takes the headers that the client sends with it', () => {
  for (const [operationId, { type, mutationHeaders }] of operations)
    expect([operationId, mutationHeaders]).toEqual([
      operationId,
      type === 'mutation' && !operationId.startsWith('auth.'),
    ]);
});

test('what tRPC does not serve goes over REST', () => {
  const settings = settingsOf({ baseUrl: '' });
  const overrides = [...authCalls(settings, new AccessTokens(settings)).keys()];
  const restOnly = operations.filter(([, operation]) => operation.restOnly).map(([operationId]) => operationId);
  expect(overrides.toSorted()).toEqual(restOnly.toSorted());
});

test.each(['getaway', 'listen', 'meet', 'updateMe', 'counter', 'create'])('%s is no name of a query', (name) => {
  expect(isQueryName(name)).toBe(false);
});
