import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dial, Resolve } from '../kernel/public-connector.ts';
import { type Receiver, startReceiver } from '../testing/receiver.ts';
import { createSender, type Sender } from './delivery.send.ts';
import { sign } from './webhook.secret.ts';

const headers = sign('id', new Date(), '{}', []);
const sent = (sender: Sender, url: string) => sender.send(url, headers, '{}');

/** Finds what a name resolves to: a list of addresses at each question, the last one for ever. */
function resolver(names: Readonly<Record<string, readonly (readonly string[])[]>>): Resolve {
  const asked = new Map<string, number>();
  return (host, done) => {
    const answers = names[host];
    const count = asked.get(host) ?? 0;
    asked.set(host, count + 1);
    const addresses = answers?.[Math.min(count, answers.length - 1)];
    if (!addresses) return done(new Error(`${host} does not resolve.`), []);
    return done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

describe('what is never connected to', () => {
  const dialed: string[] = [];
  /** Connects to nothing, and notes to what it would connect. */
  const dial: Dial = (addresses) => (_options, done) => {
    dialed.push(...addresses.map(({ address }) => address));
    done(new Error('This test connects to nothing.'), null);
  };
  let sender: Sender;
  beforeEach(() => {
    dialed.splice(0);
    const resolve = resolver({
      'loopback.example.com': [['127.0.0.1']],
      'private.example.com': [['10.0.0.8']],
      'metadata.example.com': [['169.254.169.254']],
      'mixed.example.com': [['93.184.215.14', '192.168.1.1']],
      'six.example.com': [['::1']],
      'mapped.example.com': [['::ffff:10.0.0.1']],
      'local.example.com': [['fe80::1']],
      'nothing.example.com': [[]],
      'rebinding.example.com': [['127.0.0.1'], ['93.184.215.14']],
      'public.example.com': [['93.184.215.14'], ['127.0.0.1']],
      localhost: [['127.0.0.1', '::1']],
      'sub.localhost': [['127.0.0.1']],
    });
    sender = createSender({ settings: {}, resolve, dial });
  });
  afterEach(() => sender.close());

  it.each([
    'https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0x7f.1/',
    'https://017700000001/', 'https://0177.0.0.1/', 'https://127.0.0.1:8443/', 'https://0.0.0.0/', 'https://0/',
    'https://10.1.2.3/', 'https://172.16.0.1/', 'https://172.31.255.255/', 'https://192.168.0.1/',
    'https://100.64.0.1/', 'https://169.254.169.254/latest/meta-data', 'https://192.0.0.1/', 'https://198.18.0.1/',
    'https://224.0.0.1/', 'https://255.255.255.255/', 'https://[::1]/', 'https://[::]/', 'https://[fe80::1]/',
    'https://[fc00::1]/', 'https://[fd00:ec2::254]/', 'https://[ff02::1]/', 'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a00:1]/', 'https://[::127.0.0.1]/', 'https://[64:ff9b::7f00:1]/', 'https://[64:ff9b:1::a00:1]/',
    'https://[2002:7f00:1::]/', 'https://[2001:0:7f00:1::]/', 'https://[2001:db8::1]/',
    'https://１２７.０.０.１/', 'https://127.0.0.1./', 'http://93.184.215.14/', 'http://public.example.com/',
  ])('%s', async (url) => {
    const { error } = await sent(sender, url);
    expect([error, dialed]).toEqual(['not_allowed', []]);
  }); // prettier-ignore

  it.each([
    'loopback', 'private', 'metadata', 'mixed', 'six', 'mapped', 'local', 'nothing', 'rebinding',
  ])('the name %s.example.com', async (name) => {
    const { error } = await sent(sender, `https://${name}.example.com/`);
    expect([error, dialed]).toEqual(['forbidden_address', []]);
  }); // prettier-ignore

  it.each(['localhost', 'sub.localhost', 'LOCALHOST'])('%s', async (name) => {
    const { error } = await sent(sender, `https://${name}/`);
    expect([error, dialed]).toEqual(['forbidden_address', []]);
  });

  it('what a name resolves to after it was checked', async () => {
    expect(await sent(sender, 'https://public.example.com/')).toMatchObject({ error: 'connection' });
    expect(dialed).toEqual(['93.184.215.14']);
    dialed.splice(0);
    expect(await sent(sender, 'https://public.example.com/')).toMatchObject({ error: 'forbidden_address' });
    expect(dialed).toEqual([]);
  });
});

describe('a request', () => {
  let receiver: Receiver;
  let sender: Sender;
  beforeAll(async () => {
    receiver = await startReceiver();
    sender = createSender({ settings: { webhookAllowedHosts: [receiver.host] }, timeoutMs: 300 });
  });
  beforeEach(() => void receiver.take());
  afterAll(async () => {
    await sender.close();
    await receiver.close();
  });

  it('reaches a host that the operator allows, and that host alone', async () => {
    receiver.answer = () => ({ status: 200, body: 'fine' });
    expect(await sent(sender, receiver.url)).toEqual({ status: 200, error: null, response: 'fine', retryAfterMs: 0 });
    expect(receiver.take()).toMatchObject([{ path: '/hook', body: '{}', headers: { 'webhook-id': 'id' } }]);
    expect(await sent(sender, receiver.url.replace('127.0.0.1', '127.0.0.2'))).toMatchObject({ error: 'not_allowed' });
    const strict = createSender({ settings: {} });
    expect(await sent(strict, receiver.url)).toMatchObject({ error: 'not_allowed' });
    await strict.close();
    expect(receiver.take()).toEqual([]);
  });

  it('follows no redirect', async () => {
    receiver.answer = () => ({ status: 302, headers: { location: `http://${receiver.host}/elsewhere` } });
    expect(await sent(sender, receiver.url)).toMatchObject({ status: 302, error: 'http_status' });
    expect(receiver.take().map(({ path }) => path)).toEqual(['/hook']);
  });

  it('keeps 4 KiB of the response, which any database can store', async () => {
    receiver.answer = () => ({ status: 500, body: `\0${'ä'.repeat(100_000)}` });
    const { response } = await sent(sender, receiver.url);
    expect(response?.startsWith('\uFFFDä')).toBe(true);
    expect(Buffer.byteLength(response ?? '')).toBeGreaterThan(4000);
    expect(Buffer.byteLength(response ?? '')).toBeLessThanOrEqual(4096);
  });

  it('reads how long the receiver asks to wait', async () => {
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '7' } });
    expect(await sent(sender, receiver.url)).toMatchObject({ status: 429, retryAfterMs: 7000 });
  });

  it('ends when the receiver does not answer in time', async () => {
    receiver.answer = () => 'never';
    expect(await sent(sender, receiver.url)).toEqual({
      status: null,
      error: 'timeout',
      response: null,
      retryAfterMs: 0,
    });
  });

  it('says when nobody listens', async () => {
    const closed: Server = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
    await new Promise((resolve) => closed.close(resolve));
    const other = createSender({ settings: { webhookAllowedHosts: [host] } });
    expect(await sent(other, `http://${host}/`)).toMatchObject({ status: null, error: 'connection' });
    await other.close();
  });
});
