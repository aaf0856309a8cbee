import { appRouter, operationsOf } from '@tenon/api';
import { expect, expectTypeOf, test } from 'vitest';
import { apiTypes } from '../build/api-types.ts';
import { AccessTokens } from './access-tokens.ts';
import { authCalls } from './auth.ts';
import { isQueryName } from './calls.ts';
import { createTenon, type Tenon } from './index.ts';
import { redirectPaths } from './redirects.ts';
import { settingsOf } from './settings.ts';

const operations = [...operationsOf(appRouter)];

test('every operation has a name by which the client knows its type', () => {
  for (const [operationId, { kind, type }] of operations) {
    // The client knows downloads by their paths, and streams are no calls.
    if (kind === 'download' || kind === 'stream') continue;
    expect(operationId).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
    const name = operationId.split('.')[1] ?? '';
    expect(
      isQueryName(name),
      `${operationId}: queries are called get…, find…, list…, search…, count… or explain…, or have a name of their own`,
    ).toBe(type === 'query');
  }
});

test('every mutation takes the headers that the client sends with it', () => {
  // The client sends no clicks.
  for (const [operationId, { type, kind, mutationHeaders }] of operations)
    expect([operationId, mutationHeaders]).toEqual([
      operationId,
      type === 'mutation' && kind !== 'click' && !operationId.startsWith('auth.'),
    ]);
});

test('the types of a deprecated operation say so', () => {
  const [[operationId, operation]] = operations as [(typeof operations)[number]];
  const deprecated = { since: '2026-01-31', sunset: '2026-12-31' };
  const announced = new Proxy(operation, {
    get: (target, name) => (name === 'deprecated' ? deprecated : Reflect.get(target, name)),
  });
  const notice = '@deprecated since 2026-01-31. It may be removed after 2026-12-31.';
  expect(apiTypes(new Map([[operationId, announced]]))).toContain(notice);
  expect(apiTypes(new Map([[operationId, operation]]))).not.toContain('@deprecated');
});

test('what tRPC does not serve goes over REST', () => {
  const settings = settingsOf({ baseUrl: 'https://work.example.com' });
  const overrides = [...authCalls(settings, new AccessTokens(settings)).keys()];
  const restOnly = operations.filter(([, { restOnly, kind }]) => restOnly && kind === 'json');
  expect(overrides.toSorted()).toEqual(restOnly.map(([operationId]) => operationId).toSorted());
});

test('every redirect has its URL', () => {
  const redirects = operations.filter(([, { kind }]) => kind === 'redirect');
  expect(redirectPaths).toEqual(Object.fromEntries(redirects.map(([operationId, { path }]) => [operationId, path])));
});

test('a redirect is a URL with its fields in path and query', () => {
  const tenon = createTenon({ baseUrl: 'https://work.example.com/', apiKey: 'sk_x' });
  const base = 'https://work.example.com/api/v1/auth/oidc/callback';
  expect(tenon.auth.oidcCallback({ state: 'a b&c', code: 'é' })).toBe(`${base}?state=a+b%26c&code=%C3%A9`);
  expect(tenon.auth.oidcProviderCallback({ provider: 'a/b', state: 's' })).toBe(`${base}/a%2Fb?state=s`);
});

test('a form is no call', () => {
  expectTypeOf<'oidcBackChannelLogout'>().not.toExtend<keyof Tenon['auth']>();
  expectTypeOf<'oidcCallback'>().toExtend<keyof Tenon['auth']>();
});

test.each(['getaway', 'listen', 'meet', 'updateMe', 'counter', 'create'])('%s is no name of a query', (name) => {
  expect(isQueryName(name)).toBe(false);
});
