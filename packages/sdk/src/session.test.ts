import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { Front } from '../testing/front.ts';
import { type Person, registerOwner } from '../testing/people.ts';
import { present, TestRuntime } from '../testing/world.ts';
import {
  type AuthChange,
  browserSession,
  ConnectionError,
  createTenon,
  memorySession,
  type SessionStore,
  type Tenon,
  type Tokens,
  UnauthenticatedError,
  UnavailableError,
} from './index.ts';
import type { TenonOptions } from './options.ts';
import { connect } from './tenon.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
let front: Front;
let owner: Person;

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
  front = await Front.before(server.url);
  owner = await registerOwner(createTenon({ baseUrl: server.url }));
});
afterAll(async () => {
  await front?.close();
  await server?.kill('SIGKILL');
  directory.remove();
});
beforeEach(() => front.reset());

/** A client that has just signed in. */
async function signIn(options: Partial<Exclude<TenonOptions, { apiKey: string }>> = {}) {
  const session = memorySession();
  const runtime = new TestRuntime();
  const tenon = connect({ baseUrl: front.url, session, ...options }, runtime);
  await tenon.auth.login({ login: owner.login, password: owner.password });
  front.reset();
  return { tenon, session, runtime };
}

const tokensOf = async (session: SessionStore): Promise<Tokens> => present(await session.get());

/** Makes the server refuse the access token. */
async function spoil(session: SessionStore): Promise<void> {
  await session.set({ ...(await tokensOf(session)), accessToken: 'spoiled' });
}

const refreshes = () => front.requests('/auth/refresh').length;

describe('signing in', () => {
  test('keeps the tokens, and calls carry them', async () => {
    const { tenon, session, runtime } = await signIn();
    const { accessToken, expiresAt, refreshToken } = await tokensOf(session);
    expect(refreshToken).toEqual(expect.any(String));
    expect(expiresAt - runtime.now()).toBeGreaterThan(19 * 60_000);
    expect((await tenon.auth.me()).user.email).toBe(owner.login);
    expect(front.seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${accessToken}`]);
  });

  test('with a wrong password is a 401 of its own', async () => {
    const tenon = createTenon({ baseUrl: front.url });
    const login = tenon.auth.login({ login: owner.login, password: 'wrong' });
    await expect(login).rejects.toMatchObject({ name: 'UnauthenticatedError', code: 'invalid_credentials' });
    expect(refreshes()).toBe(0);
  });

  test('gives its access token to the call that links an identity', async () => {
    const { tenon, session } = await signIn();
    await spoil(session);
    const linking = tenon.auth.linkOidc({ issuer: 'none', password: owner.password });
    await expect(linking).rejects.toMatchObject({ name: 'NotFoundError', code: 'oidc_issuer_not_found' });
    const { accessToken } = await tokensOf(session);
    expect(front.requests('/auth/oidc/link').map(({ headers }) => headers.authorization)).toEqual([
      'Bearer spoiled',
      `Bearer ${accessToken}`,
    ]);
  });

  test('is needed before a refresh is tried', async () => {
    const tenon = createTenon({ baseUrl: front.url });
    await expect(tenon.auth.me()).rejects.toBeInstanceOf(UnauthenticatedError);
    expect(front.seen).toHaveLength(1);
  });
});

describe('an access token', () => {
  test('that is refused is replaced once for 20 callers, and all of them succeed', async () => {
    const { tenon, session } = await signIn();
    await spoil(session);
    const calls = Array.from({ length: 20 }, (_, n) =>
      n % 2 ? tenon.auth.me() : tenon.tasks.create({ title: `Task ${n}` }),
    );
    await Promise.all(calls);
    expect(refreshes()).toBe(1);
    expect((await tokensOf(session)).accessToken).not.toBe('spoiled');
  });

  test('about to expire is replaced before it is used', async () => {
    const { tenon, session, runtime } = await signIn();
    const before = await tokensOf(session);
    runtime.advance(19.6 * 60_000);
    await Promise.all(Array.from({ length: 20 }, () => tenon.auth.me()));
    const after = await tokensOf(session);
    expect(refreshes()).toBe(1);
    expect(after.expiresAt).toBeGreaterThan(before.expiresAt);
    expect(after.refreshToken).not.toBe(before.refreshToken);
    expect(
      front.requests('/trpc').every(({ headers }) => headers.authorization === `Bearer ${after.accessToken}`),
    ).toBe(true);
  });

  test('is used to its end when the server cannot replace it', async () => {
    const { tenon, runtime } = await signIn({ retry: { limit: 0 } });
    runtime.advance(19.6 * 60_000);
    front.fail('/auth/refresh', { kind: 'drop' });
    expect((await tenon.auth.me()).user.email).toBe(owner.login);
    runtime.advance(60_000);
    front.fail('/auth/refresh', { kind: 'drop' });
    await expect(tenon.auth.me()).rejects.toBeInstanceOf(ConnectionError);
  });

  test('refused a second time is an error', async () => {
    const { tenon } = await signIn();
    for (let n = 0; n < 2; n++)
      front.fail('/trpc', { kind: 'answer', status: 401, body: '{"code":"unauthenticated","detail":"No."}' });
    await expect(tenon.auth.me()).rejects.toMatchObject({ status: 401, detail: 'No.' });
    expect([front.requests('/trpc').length, refreshes()]).toEqual([2, 1]);
  });
});

describe('a refresh', () => {
  test('that is refused ends the session, for all calls that wait', async () => {
    const { tenon, session } = await signIn();
    await session.set({ ...(await tokensOf(session)), accessToken: 'spoiled', refreshToken: 'spoiled' });
    const results = await Promise.allSettled([tenon.auth.me(), tenon.tasks.list(), tenon.tags.list()]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { status: 401 } });
    expect(refreshes()).toBe(1);
    expect(await session.get()).toBeNull();
  });

  test('whose answer is lost is retried at once, and the session goes on', async () => {
    const { tenon, session } = await signIn();
    await spoil(session);
    front.fail('/auth/refresh', { kind: 'drop-answer' });
    expect((await tenon.auth.me()).user.email).toBe(owner.login);
    expect(refreshes()).toBe(2);
  });

  // The server exchanges the token when the first request arrives, and ends the session if it sees the token 10 s later.
  test('whose answers never arrive is sent again within the grace of the server, whatever the timeout is', async () => {
    const variants: [Partial<TenonOptions>, (tenon: Tenon, refreshToken: string) => Promise<unknown>][] = [
      [{}, (tenon) => tenon.auth.me()],
      [{ timeoutMs: Infinity }, (tenon) => tenon.auth.refresh()],
      [{ timeoutMs: Infinity }, (tenon, refreshToken) => tenon.auth.refresh({ refreshToken }, { timeoutMs: 60_000 })],
    ];
    await Promise.all(
      variants.map(async ([{ timeoutMs }, call]) => {
        const own = await Front.before(server.url);
        const session = memorySession();
        const tenon = createTenon({ baseUrl: own.url, session, timeoutMs });
        await tenon.auth.login({ login: owner.login, password: owner.password });
        await spoil(session);
        for (let n = 0; n < 2; n++) own.fail('/auth/refresh', { kind: 'hang-answer' });
        await call(tenon, present((await tokensOf(session)).refreshToken));
        expect((await tenon.auth.me()).user.email).toBe(owner.login);
        expect(own.requests('/auth/refresh')).toHaveLength(3);
        await own.close();
      }),
    );
  });

  test.each<[string, TenonOptions['retry'], Record<string, string>]>([
    ['many retries', { limit: 100, baseDelayMs: 500 }, {}],
    ['long waits between them', { limit: 5, baseDelayMs: 60_000, maxDelayMs: 60_000 }, {}],
    ['a server that asks to come back later', { limit: 2 }, { 'retry-after': '60' }],
  ])('is not sent again after the grace, in spite of %s', async (_, retry, headers) => {
    const { tenon, runtime } = await signIn({ retry });
    for (let n = 0; n < 100; n++) front.fail('/auth/refresh', { kind: 'answer', status: 503, headers });
    const started = runtime.now();
    await expect(tenon.auth.refresh()).rejects.toBeInstanceOf(UnavailableError);
    expect(runtime.now() - started).toBeLessThan(10_000);
  });

  test('can be asked for, and shares the one under way', async () => {
    const { tenon, session } = await signIn();
    const before = await tokensOf(session);
    const [one, other] = await Promise.all([tenon.auth.refresh(), tenon.auth.refresh()]);
    expect(other).toEqual(one);
    expect(refreshes()).toBe(1);
    expect((await tokensOf(session)).refreshToken).not.toBe(before.refreshToken);
  });

  test('can start from a token that was stored elsewhere', async () => {
    const { session } = await signIn();
    const { refreshToken } = await tokensOf(session);
    const other = createTenon({ baseUrl: front.url });
    await other.auth.refresh({ refreshToken: present(refreshToken) });
    expect((await other.auth.me()).user.email).toBe(owner.login);
  });

  test('does not undo signing out', async () => {
    const { tenon, session } = await signIn();
    const refreshing = tenon.auth.refresh();
    await session.set(null);
    await refreshing;
    expect(await session.get()).toBeNull();
  });
});

describe('signing out', () => {
  test('ends the session here and there', async () => {
    const { tenon, session } = await signIn();
    const { refreshToken } = await tokensOf(session);
    expect(await tenon.auth.logout()).toBeUndefined();
    expect(await session.get()).toBeNull();
    const other = createTenon({ baseUrl: front.url });
    await expect(other.auth.refresh({ refreshToken: refreshToken ?? '' })).rejects.toBeInstanceOf(UnauthenticatedError);
  });

  test('ends it here even if the server cannot be reached', async () => {
    const { tenon, session } = await signIn();
    front.fail('/auth/logout', { kind: 'drop' });
    await expect(tenon.auth.logout()).rejects.toBeInstanceOf(ConnectionError);
    expect(await session.get()).toBeNull();
  });
});

/** A `fetch` that keeps the site's cookie, as a browser does. */
function fetchOfBrowser(): (url: string, init: RequestInit) => Promise<Response> {
  let cookie = '';
  return async (url, init) => {
    const headers = new Headers(init.headers);
    if (init.credentials === 'include' && url.includes('/api/') && cookie) headers.set('cookie', cookie);
    const response = await fetch(url, { ...init, headers });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return response;
  };
}

test('in a browser the cookie is the refresh token, and it outlives the page', async () => {
  const options = { tokenTransport: 'cookie', fetch: fetchOfBrowser() } as const;
  const { session } = await signIn(options);
  expect((await tokensOf(session)).refreshToken).toBeNull();

  const runtime = new TestRuntime();
  const reloaded = connect({ baseUrl: front.url, ...options }, runtime);
  expect((await reloaded.auth.me()).user.email).toBe(owner.login);
  runtime.advance(20 * 60_000);
  expect((await reloaded.auth.me()).user.email).toBe(owner.login);
  expect(refreshes()).toBe(2);
  await reloaded.auth.logout();
  await expect(reloaded.auth.me()).rejects.toBeInstanceOf(UnauthenticatedError);
});

describe('changes of who is signed in', () => {
  /** The changes that a client tells from now on. */
  function changesOf(tenon: Tenon) {
    const changes: AuthChange[] = [];
    const stop = tenon.auth.onChange((change) => changes.push(change));
    return { changes, events: () => changes.map(({ event }) => event), stop };
  }

  test('are told, until nobody listens any more', async () => {
    const { tenon, session } = await signIn();
    const { changes, events, stop } = changesOf(tenon);
    await spoil(session);
    await Promise.all([tenon.auth.me(), tenon.tasks.list()]);
    expect(await tenon.auth.isSignedIn()).toBe(true);
    await tenon.auth.logout();
    expect(await tenon.auth.isSignedIn()).toBe(false);
    await tenon.auth.login({ login: owner.login, password: owner.password });
    expect(events()).toEqual(['refreshed', 'signedOut', 'signedIn']);
    expect(changes.every(({ isElsewhere }) => !isElsewhere)).toBe(true);
    stop();
    await tenon.auth.logout();
    expect(changes).toHaveLength(3);
  });

  test('are told when the server has ended the session', async () => {
    const { tenon, session } = await signIn();
    const { events } = changesOf(tenon);
    await session.set({ ...(await tokensOf(session)), accessToken: 'spoiled', refreshToken: 'spoiled' });
    await expect(tenon.auth.me()).rejects.toBeInstanceOf(UnauthenticatedError);
    expect(events()).toEqual(['signedOut']);
  });

  test('reach every listener, although another one throws', async () => {
    const { tenon } = await signIn({ logLevel: 'off' });
    tenon.auth.onChange(() => {
      throw new Error('Oh no.');
    });
    const { events } = changesOf(tenon);
    await tenon.auth.logout();
    expect(events()).toEqual(['signedOut']);
  });
});

describe('the session of a browser', () => {
  const kept = new Map<string, string>();
  const listening = new Set<(event: object) => void>();

  beforeEach(() => {
    kept.clear();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    vi.stubGlobal('addEventListener', (_: string, listener: (event: object) => void) => listening.add(listener));
    vi.stubGlobal('removeEventListener', (_: string, listener: (event: object) => void) => listening.delete(listener));
  });
  afterEach(() => vi.unstubAllGlobals());

  /** Signs in in one tab, and opens others. */
  async function openTabs(count: number) {
    const options = { baseUrl: front.url, tokenTransport: 'cookie', fetch: fetchOfBrowser() } as const;
    const { tenon } = await signIn({ ...options, session: browserSession() });
    const tabs = Array.from({ length: count }, () => createTenon({ ...options, session: browserSession() }));
    return { first: tenon, tabs };
  }

  test('outlives a reload without a refresh', async () => {
    const { tabs } = await openTabs(1);
    expect(await present(tabs[0]).auth.isSignedIn()).toBe(true);
    expect((await present(tabs[0]).auth.me()).user.email).toBe(owner.login);
    expect(refreshes()).toBe(0);
  });

  test('keeps no refresh token where scripts can read it', async () => {
    await openTabs(0);
    expect([...kept.keys()]).toEqual(['tenon.session']);
    expect(JSON.parse(kept.get('tenon.session') ?? '')).toMatchObject({ refreshToken: null });
  });

  test('is refreshed once for all tabs', async () => {
    const { tabs } = await openTabs(5);
    await spoil(browserSession());
    await Promise.all(tabs.map((tab) => tab.auth.me()));
    expect(refreshes()).toBe(1);
  });

  test('tells the changes of other tabs', async () => {
    const { tabs } = await openTabs(1);
    const changes: AuthChange[] = [];
    const stop = present(tabs[0]).auth.onChange((change) => changes.push(change));
    const text = kept.get('tenon.session');
    const send = (event: object) => listening.forEach((listener) => listener(event));
    send({ key: 'tenon.session', oldValue: text, newValue: text });
    send({ key: 'other', oldValue: text, newValue: null });
    send({ key: 'tenon.session', oldValue: text, newValue: null });
    send({ key: 'tenon.session', oldValue: null, newValue: text });
    send({ key: null, oldValue: null, newValue: null });
    expect(changes).toEqual(
      ['refreshed', 'signedOut', 'signedIn', 'signedOut'].map((event) => ({ event, isElsewhere: true })),
    );
    stop();
    expect(listening.size).toBe(0);
  });

  test.each(['', 'no JSON', '{}', '{"accessToken":1}'])('is none when %j is kept', async (text) => {
    kept.set('tenon.session', text);
    expect(await browserSession().get()).toBeNull();
  });

  test('is kept in memory where there is no storage', async () => {
    vi.stubGlobal('localStorage', undefined);
    const session = browserSession();
    await session.set({ accessToken: 'a', expiresAt: 0, refreshToken: null });
    expect(await session.get()).toMatchObject({ accessToken: 'a' });
    expect(await browserSession().get()).toBeNull();
  });
});
