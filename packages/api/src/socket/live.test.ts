import {
  accessTokenOf,
  createOrganization,
  createTestPlatform,
  deactivate,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '@tenon/core/testing';
import { createTRPCClient, createWSClient, httpLink, splitLink, wsLink } from '@trpc/client';
import Fastify from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AppRouter } from '../app-router.ts';
import { serverOptions, tenonApi } from '../plugin.ts';
import { TestSocket } from '../testing/socket.ts';

describe.each(dialects)('subscriptions over WebSocket on %s', (dialect) => {
  let platform: TestPlatform;
  let url: string;
  let close: () => Promise<unknown>;
  let acme: TestOrganization;
  let owner: string;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    const app = Fastify(serverOptions);
    await app.register(tenonApi, { platform, checkOutputs: true });
    platform.sealer.start();
    url = await app.listen({ port: 0, host: '127.0.0.1' });
    close = () => {
      app.server.closeAllConnections();
      return app.close();
    };
    acme = await createOrganization(platform);
    owner = await accessTokenOf(platform, acme.owner);
  });
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });
  afterAll(async () => {
    await close();
    await platform.dispose();
  });

  /** A client of tRPC, as its documentation makes it. */
  function clientOf(paramsOf: () => Record<string, string>) {
    const opened: WebSocket[] = [];
    class Watched extends WebSocket {
      constructor(address: string | URL) {
        super(address);
        opened.push(this);
      }
    }
    const client = createWSClient({
      url: `${url.replace('http', 'ws')}/trpc`,
      connectionParams: paramsOf,
      retryDelayMs: () => 50,
      WebSocket: Watched,
    });
    ends.push(() => client.close());
    const trpc = createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: ({ type }) => type === 'subscription',
          true: wsLink({ client }),
          false: httpLink({ url: `${url}/trpc`, headers: paramsOf }),
        }),
      ],
    });
    return { trpc, opened };
  }
  const asBearer = (token: string) => () => ({ Authorization: `Bearer ${token}` });

  type Input = Parameters<ReturnType<typeof clientOf>['trpc']['events']['subscribe']['subscribe']>[0];

  /** Subscribes, and keeps what arrives. Answers when the subscription has begun. */
  async function listen({ trpc }: ReturnType<typeof clientOf>, input: Input = {}) {
    await platform.sealer.sealAll();
    const kept = { titles: [] as unknown[], sequences: [] as number[], text: '', begun: 0, error: '' };
    const subscription = trpc.events.subscribe.subscribe(input, {
      onData: ({ data }) => {
        kept.text += JSON.stringify(data);
        if (data.kind === 'ready') kept.begun += 1;
        if (data.kind !== 'event') return;
        kept.titles.push(data.event.data['title']);
        kept.sequences.push(data.event.sequence);
      },
      onError: (error) => (kept.error = error.data?.problem.code ?? 'unknown'),
    });
    ends.push(() => subscription.unsubscribe());
    await expect.poll(() => kept.begun + kept.error.length).toBeGreaterThan(0);
    return kept;
  }

  const loseConnection = async ({ opened }: ReturnType<typeof clientOf>): Promise<void> => {
    await vi.waitUntil(() => opened.at(-1)?.readyState === WebSocket.OPEN);
    opened.at(-1)?.close();
  };

  it('bring events, and go on without gap or duplicate when the connection is lost', async () => {
    const client = clientOf(asBearer(owner));
    const kept = await listen(client, { types: ['task.*'] });
    for (const title of ['One', 'Two', 'Three']) await client.trpc.tasks.create.mutate({ title });
    await expect.poll(() => kept.titles).toEqual(['One', 'Two', 'Three']);
    const titles = ['One', 'Two', 'Three'];
    for (let count = 0; count < 12; count += 1) {
      if (count % 4 === 1) await loseConnection(client);
      await client.trpc.tasks.create.mutate({ title: `Later ${count}` });
      titles.push(`Later ${count}`);
    }
    await expect.poll(() => kept.titles).toEqual(titles);
    expect(kept.sequences).toEqual([...new Set(kept.sequences)].toSorted((a, b) => a - b));
    expect(client.opened.length).toBe(4);
  });

  it('bring nothing of another organization, and act in the one that is named', async () => {
    const other = await createOrganization(platform, 'Other');
    const token = await accessTokenOf(platform, other.owner);
    const mine = clientOf(asBearer(owner));
    const theirs = clientOf(() => ({ authorization: `Bearer ${token}`, 'X-Organization-Id': other.id }));
    const kept = await listen(theirs, { after: 0 });
    await mine.trpc.tasks.create.mutate({ title: 'Of Acme' });
    await theirs.trpc.tasks.create.mutate({ title: 'Of Other' });
    await expect.poll(() => kept.titles).toContain('Of Other');
    expect(kept.text).not.toContain('Of Acme');
    const stranger = clientOf(() => ({ authorization: `Bearer ${token}`, 'x-organization-id': acme.id }));
    expect((await listen(stranger)).error).toBe('organization_not_found');
  });

  it('are refused without a credential, and with a wrong one', async () => {
    expect((await listen(clientOf(() => ({})))).error).toBe('unauthenticated');
    expect((await listen(clientOf(asBearer('nobody')))).error).toBe('unauthenticated');
    expect((await listen(clientOf(() => ({ 'X-API-Key': 'tenon_nothing' })))).error).toBe('unauthenticated');
  });

  it('take an API key, and are one row in the log of calls', async () => {
    const { secret } = await clientOf(asBearer(owner)).trpc.apiKeys.create.mutate({
      name: 'Reader',
      scopes: ['event:read'],
    });
    const client = clientOf(() => ({ 'X-API-Key': secret }));
    const kept = await listen(client);
    expect([kept.begun, kept.error]).toEqual([1, '']);
    await platform.apiLog.write();
    const { data } = await clientOf(asBearer(owner)).trpc.apiAudit.list.query({
      endpoint: ['/api/v1/events/stream'],
      limit: 1,
    });
    expect(data).toMatchObject([{ endpoint: '/api/v1/events/stream', path: '/trpc/events.subscribe', status: 200 }]);
  });

  it('are cut within 5 seconds when the account is disabled, and go on with another token when theirs is no longer good', async () => {
    const [gone, member] = [await acme.addMember('member'), await acme.addMember('member')];
    const lost = await accessTokenOf(platform, gone);
    let token = await accessTokenOf(platform, member);
    const [disabled, renewed] = [clientOf(asBearer(lost)), clientOf(() => asBearer(token)())];
    const [cut, kept] = [await listen(disabled), await listen(renewed, { types: ['task.created'] })];
    await renewed.trpc.auth.logoutAll.mutate();
    token = await accessTokenOf(platform, member);
    const began = performance.now();
    await deactivate(platform, gone.userId);
    await expect.poll(() => Math.min(disabled.opened.length, renewed.opened.length), { timeout: 7000 }).toBe(2);
    expect(performance.now() - began).toBeLessThan(5000);
    await clientOf(asBearer(owner)).trpc.tasks.create.mutate({ title: 'After the end' });
    await expect.poll(() => kept.titles).toEqual(['After the end']);
    await expect.poll(() => cut.error).toBe('unauthenticated');
    expect([kept.error, cut.titles]).toEqual(['', []]);
  });

  it('of a slow reader end, and those of others are not delayed', async () => {
    const client = clientOf(asBearer(owner));
    const { id } = await client.trpc.tasks.create.mutate({ title: 'Long' });
    await platform.sealer.sealAll();
    const slow = await TestSocket.open(url, { authorization: `Bearer ${owner}` });
    ends.push(() => slow.socket.terminate());
    slow.subscribe(1, 'events.subscribe', { entityId: id });
    await slow.first(1, ({ result }) => result?.type === 'data');
    slow.socket.pause();
    const kept = await listen(client, { entityId: id });
    const delays: number[] = [];
    for (let count = 1; count <= 70; count += 1) {
      await client.trpc.tasks.update.mutate({ id, description: `${count % 10}`.repeat(50_000) });
      const began = performance.now();
      await expect.poll(() => kept.sequences.length, { interval: 5 }).toBe(count);
      delays.push(performance.now() - began);
    }
    expect(delays.toSorted((a, b) => a - b)[35]).toBeLessThan(250);
    slow.socket.resume();
    expect(await slow.end()).toEqual({ code: 4503, reason: 'stream_too_slow' });
    expect(await slow.refusal(null)).toEqual([503, 'stream_too_slow']);
    const received = slow.messages.flatMap(({ result }) => (result?.type === 'data' ? [result.id ?? ''] : [])).slice(1);
    expect(received.length).toBeLessThan(70);

    const next = await TestSocket.open(url, { authorization: `Bearer ${owner}` });
    ends.push(() => next.socket.terminate());
    next.subscribe(1, 'events.subscribe', { entityId: id }, { lastEventId: received.at(-1) });
    await next.until(({ messages }) => messages.at(-1)?.result?.id === String(kept.sequences.at(-1)));
    const rest = next.messages.flatMap(({ result }) => (result?.type === 'data' ? [result.id ?? ''] : [])).slice(1);
    expect([...received, ...rest].map(Number)).toEqual(kept.sequences);
  });

  it('end when the server drains, and their clients try to come back', async () => {
    const client = clientOf(asBearer(owner));
    const kept = await listen(client);
    platform.stopStreams();
    await expect.poll(() => client.opened.length, { timeout: 5000 }).toBeGreaterThan(1);
    expect(kept.error).toBe('');
    await close();
    await expect.poll(() => client.opened.every(({ readyState }) => readyState === WebSocket.CLOSED)).toBe(true);
  });
});
