import { afterEach, describe, expect, test, vi } from 'vitest';
import { createTenon, type TenonOptions } from './index.ts';

afterEach(() => vi.unstubAllGlobals());

/** Options as a program without types may pass them. */
const untyped = (options: object): TenonOptions => options as TenonOptions;

describe('a client is refused at once', () => {
  test.each<[string, object, string]>([
    [
      'without an address',
      {},
      'baseUrl is missing. Set it to the address of the server, such as https://work.example.com.',
    ],
    ['with null as address', { baseUrl: null }, 'baseUrl is missing.'],
    ['with an empty address outside of a page', { baseUrl: '' }, 'baseUrl is "".'],
    ['with an address without a scheme', { baseUrl: 'localhost:8000' }, 'baseUrl is "localhost:8000".'],
    ['with another scheme', { baseUrl: 'ftp://example.com' }, 'It must be a whole address'],
    ['with a query', { baseUrl: 'https://example.com?a=1' }, 'baseUrl must have no query and no fragment.'],
    ['with the path of REST', { baseUrl: 'https://example.com/api/v1/' }, 'baseUrl must not end in /api/v1.'],
    ['with the path of tRPC', { baseUrl: 'https://example.com/trpc' }, 'baseUrl must not end in /trpc.'],
    ['with an empty API key', { baseUrl: 'https://example.com', apiKey: '' }, 'apiKey is empty.'],
    ['with a line break in the key', { baseUrl: 'https://example.com', apiKey: 'sk_x\n' }, 'apiKey contains a space'],
  ])('%s', (_, options, message) => {
    expect(() => createTenon(untyped(options))).toThrow(TypeError);
    expect(() => createTenon(untyped(options))).toThrow(message);
  });
});

test.each(['https://example.com', 'http://localhost:8000/', 'https://example.com/tenon'])(
  '%s is an address',
  (baseUrl) => {
    expect(createTenon({ baseUrl }).auth.oidcCallback({ state: 's' })).toBe(
      `${baseUrl.replace(/\/$/, '')}/api/v1/auth/oidc/callback?state=s`,
    );
  },
);

test.each(['', '/tenon'])('in a page, %j is a part of its address', (baseUrl) => {
  vi.stubGlobal('location', { href: 'https://example.com/board' });
  expect(createTenon({ baseUrl }).auth.oidcCallback({ state: 's' })).toBe(
    `${baseUrl}/api/v1/auth/oidc/callback?state=s`,
  );
});
