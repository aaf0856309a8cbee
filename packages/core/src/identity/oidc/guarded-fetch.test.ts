import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardedFetch } from './guarded-fetch.ts';

describe('guardedFetch', () => {
  let server: Server;
  let port = 0;
  let asked: string[] = [];
  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      if (url === '/redirect') response.writeHead(302, { location: '/secret' }).end();
      else if (url === '/endless') response.end('x'.repeat(2 * 1024 * 1024));
      else if (url === '/nothing') response.writeHead(204).end();
      else response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => void server.close());

  const get = (privateNetworks: boolean, url: string) => {
    asked = [];
    return guardedFetch(privateNetworks)(url, { method: 'GET', headers: {} });
  };

  it('reads from this machine for an issuer that an operator has chosen', async () => {
    expect(await (await get(true, `http://localhost:${port}/`)).json()).toEqual({});
    expect((await get(true, `http://localhost:${port}/nothing`)).status).toBe(204);
  });

  it('sends forms alone', async () => {
    const send = (body: ReadableStream | URLSearchParams | string) =>
      guardedFetch(true)(`http://localhost:${port}/`, { method: 'POST', headers: {}, body });
    for (const form of [new URLSearchParams({ a: '1' }), 'a=1']) expect((await send(form)).status).toBe(200);
    await expect(send(new ReadableStream())).rejects.toThrow('Only forms');
  });

  it('never reads from this machine for an organization', async () => {
    const addresses = [
      'localhost', '127.0.0.1', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '0', '169.254.169.254',
    ]; // prettier-ignore
    const refusals = addresses.map((host) =>
      get(false, `https://${host}:${port}/`).then(
        () => 'read',
        (error: unknown) => (error instanceof Error && error.cause instanceof Error ? error.cause.name : String(error)),
      ),
    );
    for (const refusal of await Promise.all(refusals)) expect(refusal).toMatch('ForbiddenAddress');
    await expect(get(false, `http://localhost:${port}/`)).rejects.toThrow('is not https');
    expect(asked).toEqual([]);
  });

  it.each(['http://example.com/', 'http://10.0.0.1/', 'ftp://localhost/', 'file:///etc/passwd'])(
    'requires https, except for this machine: %s',
    async (url) => {
      await expect(get(true, url)).rejects.toThrow('is not https');
    },
  );

  it('follows no redirect', async () => {
    const { status } = await get(true, `http://localhost:${port}/redirect`);
    expect({ status, asked }).toEqual({ status: 302, asked: ['/redirect'] });
  });

  it('refuses an answer that is too large', async () => {
    await expect(get(true, `http://localhost:${port}/endless`)).rejects.toThrow('');
  });
});
