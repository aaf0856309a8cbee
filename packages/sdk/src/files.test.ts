import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { appRouter, operationsOf } from '@tenon/api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { Front } from '../testing/front.ts';
import { registerOwner } from '../testing/people.ts';
import { thrownBy } from '../testing/world.ts';
import { downloadPaths, uploadRoutes } from './files.ts';
import {
  ConflictError,
  ConnectionError,
  createTenon,
  type DownloadedFile,
  NotFoundError,
  type Outputs,
  type Tenon,
  UnprocessableError,
} from './index.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
let front: Front;
let tenon: Tenon;

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
  front = await Front.before(server.url);
  tenon = createTenon({ baseUrl: front.url });
  const { login, password } = await registerOwner(tenon);
  await tenon.auth.login({ login, password });
});
afterAll(async () => {
  await front?.close();
  await server?.kill('SIGKILL');
  directory.remove();
});
beforeEach(() => front.reset());

const content = randomBytes(500_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const aTask = async () => (await tenon.tasks.create({ title: 'Count the crates' })).id;
const bytesOf = async ({ body }: DownloadedFile) => Buffer.from(await new Response(body).arrayBuffer());

async function* pieces(size = 64 * 1024) {
  for (let at = 0; at < content.length; at += size) yield new Uint8Array(content.subarray(at, at + size));
}

test('the client knows the paths of the uploads and downloads', () => {
  const routesOf = (kind: string, showOf: (one: { method: string; path: string }) => string) =>
    Object.fromEntries(
      [...operationsOf(appRouter)].filter(([, one]) => one.kind === kind).map(([name, one]) => [name, showOf(one)]),
    );
  expect(uploadRoutes).toEqual(routesOf('upload', ({ method, path }) => `${method} ${path}`));
  expect(downloadPaths).toEqual(routesOf('download', ({ path }) => path));
});

describe('an upload', () => {
  test('takes a file, and the id of a task', async () => {
    const file = new File([content], 'crates.bin');
    const attachment = await tenon.attachments.upload(await aTask(), file);
    expectTypeOf(attachment).toEqualTypeOf<Outputs['attachments']['upload']>();
    expect(attachment).toMatchObject({ fileName: 'crates.bin', size: content.length, sha256 });
  });

  test.each([
    ['a blob', () => new Blob([content])],
    ['a stream', () => new Response(content).body ?? new ReadableStream()],
    ['what can be iterated', () => pieces()],
  ])('takes %s, and tells how much was sent', async (_what, source) => {
    const seen: { sent: number; total: number | null }[] = [];
    const id = await aTask();
    const file = source();
    const attachment = await tenon.attachments.upload({ taskId: id }, file, {
      fileName: 'Über uns.bin',
      onProgress: (progress) => seen.push(progress),
    });
    expect(attachment).toMatchObject({ fileName: 'Über uns.bin', size: content.length, sha256 });
    expect(seen.at(-1)).toEqual({ sent: content.length, total: file instanceof Blob ? content.length : null });
    expect(seen.map(({ sent }) => sent)).toEqual(seen.map(({ sent }) => sent).toSorted((a, b) => a - b));
  });

  test('declares the type of the file', async () => {
    const id = await aTask();
    const file = new Blob(['a,b\n1,2\n'], { type: 'text/csv' });
    expect(await tenon.attachments.upload(id, file)).toMatchObject({ fileName: 'file', mediaType: 'text/csv' });
    expect(await tenon.attachments.upload(id, file, { mediaType: 'text/markdown' })).toMatchObject({
      mediaType: 'text/markdown',
    });
    expect(await thrownBy(tenon.attachments.upload(id, file, { mediaType: 'image/png' }))).toMatchObject({
      status: 415,
      code: 'media_type_refused',
    });
  });

  test('goes on a comment of the caller', async () => {
    const id = await aTask();
    const { id: commentId } = await tenon.comments.create({ taskId: id, body: 'See the list' });
    const attachment = await tenon.attachments.uploadToComment({ taskId: id, commentId }, new Blob(['x']));
    expect(attachment.entity).toEqual({ type: 'comment', id: commentId });
    // @ts-expect-error A comment is named by two ids.
    expectTypeOf(tenon.attachments.uploadToComment).parameter(0).toEqualTypeOf<string>();
  });

  test('goes on a project', async () => {
    const { id } = await tenon.projects.create({ key: 'FILES', name: 'Files' });
    const attachment = await tenon.attachments.uploadToProject('FILES', new Blob(['x']));
    expect(attachment.entity).toEqual({ type: 'project', id });
    expect((await tenon.attachments.listOfProject({ projectId: id })).data).toMatchObject([{ id: attachment.id }]);
  });

  test('of a blob is sent again when the answer is lost, and acts once', async () => {
    const id = await aTask();
    front.fail('/attachments', { kind: 'drop-answer' });
    const attachment = await tenon.attachments.upload(id, new Blob([content]));
    expect(front.requests('/attachments')).toHaveLength(2);
    expect((await tenon.attachments.list({ taskId: id })).data).toMatchObject([{ id: attachment.id }]);
  });

  test('of a stream is sent once', async () => {
    front.fail('/attachments', { kind: 'drop' });
    expect(await thrownBy(tenon.attachments.upload(await aTask(), pieces()))).toBeInstanceOf(ConnectionError);
    expect(front.requests('/attachments')).toHaveLength(1);
  });

  test('refuses a key that was used for another file', async () => {
    const id = await aTask();
    const options = { idempotencyKey: `key-${id}` };
    const first = await tenon.attachments.upload(id, new Blob(['one']), options);
    expect(await tenon.attachments.upload(id, new Blob(['one']), options)).toEqual(first);
    const reused = tenon.attachments.upload(id, new Blob(['two']), options);
    expect(await thrownBy(reused)).toBeInstanceOf(UnprocessableError);
  });

  test('ends with its signal, and leaves nothing', async () => {
    const id = await aTask();
    const direct = createTenon({ baseUrl: server.url, apiKey: await anApiKey() });
    const controller = new AbortController();
    const reason = new Error('enough');
    async function* endless() {
      for (;;) yield new Uint8Array(64 * 1024);
    }
    const uploading = direct.attachments.upload(id, endless(), {
      signal: controller.signal,
      onProgress: ({ sent }) => sent > 1_000_000 && controller.abort(reason),
    });
    expect(await thrownBy(uploading)).toBe(reason);
    expect((await tenon.attachments.list({ taskId: id })).data).toEqual([]);
  });

  test('of what may not be attached rejects with the error of the answer', async () => {
    const nowhere = '0190a0a0-0000-7000-8000-000000000001';
    expect(await thrownBy(tenon.attachments.upload(nowhere, new Blob(['x'])))).toBeInstanceOf(NotFoundError);
    const { id } = await tenon.attachments.upload(await aTask(), new Blob(['x']));
    expect(await thrownBy(tenon.attachments.restore({ id }))).toBeInstanceOf(ConflictError);
  });
});

let key: string | undefined;
async function anApiKey(): Promise<string> {
  const scopes = ['attachment:read', 'attachment:create', 'task:read', 'task:update'] as const;
  key ??= (await tenon.apiKeys.create({ name: 'Files', scopes: [...scopes] })).secret;
  return key;
}

describe('a download', () => {
  test('is a stream with what is known of the file', async () => {
    const { id } = await tenon.attachments.upload(await aTask(), new File([content], 'é.bin'));
    const direct = createTenon({ baseUrl: server.url, apiKey: await anApiKey() });
    const file = await direct.attachments.download({ id });
    expect(file).toMatchObject({
      fileName: 'é.bin',
      mediaType: 'application/octet-stream',
      size: content.length,
      range: null,
    });
    expect((await bytesOf(file)).equals(content)).toBe(true);
  });

  test('can be a part', async () => {
    const { id } = await tenon.attachments.upload(await aTask(), new Blob([content]));
    const file = await tenon.attachments.download({ id }, { range: { start: 499_990 } });
    expect(file).toMatchObject({ size: content.length, range: { start: 499_990, end: 499_999 } });
    expect((await bytesOf(file)).equals(content.subarray(499_990))).toBe(true);
    const part = await tenon.attachments.download({ id }, { range: { start: 1, end: 2 } });
    expect((await bytesOf(part)).equals(content.subarray(1, 3))).toBe(true);
    const beyond = tenon.attachments.download({ id }, { range: { start: 500_000 } });
    expect(await thrownBy(beyond)).toMatchObject({ status: 416, code: 'range_not_satisfiable' });
  });

  test('works by its link for somebody who is not signed in', async () => {
    const { id, downloadUrl } = await tenon.attachments.upload(await aTask(), new Blob([content]));
    const token = new URL(downloadUrl).searchParams.get('token') ?? '';
    const anonymous = createTenon({ baseUrl: server.url });
    expect((await bytesOf(await anonymous.attachments.downloadByLink({ id, token }))).equals(content)).toBe(true);
  });

  test('sends an API key so that no redirect carries it elsewhere', async () => {
    const headers: Record<string, unknown>[] = [];
    const storage = createServer((request, response) => {
      headers.push(request.headers);
      response.end('the file');
    }).listen(0, '127.0.0.1');
    const origin = createServer((request, response) => {
      headers.push(request.headers);
      const address = storage.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      response.writeHead(302, { location: `http://127.0.0.1:${port}/file` }).end();
    }).listen(0, '127.0.0.1');
    for (const one of [storage, origin]) if (!one.listening) await once(one, 'listening');
    const address = origin.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const client = createTenon({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'sk_secret' });
    expect((await bytesOf(await client.attachments.download({ id: 'x' }))).toString()).toBe('the file');
    expect(headers[0]).toMatchObject({ authorization: 'Bearer sk_secret' });
    expect(JSON.stringify(headers[1])).not.toContain('sk_secret');
    for (const one of [storage, origin]) one.close();
  });
});

describe('in a browser', () => {
  /** What an XMLHttpRequest does, by fetch. */
  class FakeXhr {
    status = 0;
    responseText = '';
    upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null } = { onprogress: null };
    onload: (() => void) | null = null;
    onerror: (() => void) | null = null;
    readonly #headers = new Headers();
    readonly #aborting = new AbortController();
    #url = '';
    #answer = new Headers();

    open(_method: string, url: string): void {
      this.#url = url;
    }
    setRequestHeader(name: string, value: string): void {
      this.#headers.set(name, value);
    }
    getAllResponseHeaders(): string {
      return [...this.#answer].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    }
    send(body: FormData): void {
      this.upload.onprogress?.({ loaded: 7, total: 9 });
      fetch(this.#url, { method: 'POST', body, headers: this.#headers, signal: this.#aborting.signal })
        .then(async (response) => {
          this.status = response.status;
          this.#answer = response.headers;
          this.responseText = await response.text();
          this.onload?.();
        })
        .catch(() => this.onerror?.());
    }
    abort(): void {
      this.#aborting.abort();
    }
  }
  beforeEach(() => void vi.stubGlobal('XMLHttpRequest', FakeXhr));
  afterEach(() => void vi.unstubAllGlobals());

  test('an upload tells how much was sent', async () => {
    const seen: unknown[] = [];
    const onProgress = (progress: unknown) => void seen.push(progress);
    const attachment = await tenon.attachments.upload(await aTask(), pieces(), { onProgress, fileName: 'a.bin' });
    expect(attachment).toMatchObject({ fileName: 'a.bin', sha256 });
    expect(seen).toEqual([{ sent: 7, total: 9 }]);
  });

  test('an upload rejects with the problem, with a lost connection, and with its signal', async () => {
    const onProgress = () => {};
    const id = await aTask();
    const exe = new Blob(['x']);
    expect(await thrownBy(tenon.attachments.upload(id, exe, { onProgress, fileName: 'a.exe' }))).toMatchObject({
      code: 'media_type_refused',
    });
    front.fail('/attachments', { kind: 'drop' });
    expect(await thrownBy(tenon.attachments.upload(id, pieces(), { onProgress }))).toBeInstanceOf(ConnectionError);
    const reason = new Error('enough');
    front.fail('/attachments', { kind: 'hang' });
    const aborting = new AbortController();
    const uploading = tenon.attachments.upload(id, exe, { onProgress, signal: aborting.signal });
    await vi.waitFor(() => expect(front.requests('/attachments').length).toBeGreaterThan(2));
    aborting.abort(reason);
    expect(await thrownBy(uploading)).toBe(reason);
  });

  test('a stream is gathered before it is sent', async () => {
    expect(await tenon.attachments.upload(await aTask(), pieces())).toMatchObject({ sha256 });
  });
});
