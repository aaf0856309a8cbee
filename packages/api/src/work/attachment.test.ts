import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { storedFiles } from '@tenon/core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openScene, type Person, type Scene } from '../contract/testing/scene.ts';

const run = promisify(execFile);

let scene: Scene;
let owner: Person;
let url: string;
let directory: string;
beforeAll(async () => {
  scene = await openScene('sqlite');
  ({ owner } = scene.acme.people);
  url = await scene.app.listen({ host: '127.0.0.1', port: 0 });
  directory = mkdtempSync(join(tmpdir(), 'tenon-files-'));
});
afterAll(async () => {
  // Some answers were not read to their end.
  scene.app.server.closeAllConnections();
  await scene.dispose();
  rmSync(directory, { recursive: true });
});

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const authorization = () => ({ authorization: `Bearer ${owner.token}` });

async function aTask(): Promise<string> {
  return (await owner.do('tasks.create', { title: 'Count the crates' })).id;
}

async function upload(taskId: string, body: Blob = new Blob([content]), name = 'crates.bin') {
  const form = new FormData();
  form.append('file', body, name);
  return fetch(`${url}/api/v1/tasks/${taskId}/attachments`, { method: 'POST', body: form, headers: authorization() });
}

async function anAttachment(): Promise<{ id: string; downloadUrl: string }> {
  return (await (await upload(await aTask())).json()) as { id: string; downloadUrl: string };
}

const contentUrl = (id: string) => `${url}/api/v1/attachments/${id}/content`;
const download = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(contentUrl(id), { method, headers: { ...authorization(), ...headers } });

describe('an upload over HTTP', () => {
  it('answers 201 with the attachment and its Location', async () => {
    const response = await upload(await aTask());
    const attachment = (await response.json()) as { id: string };
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/api/v1/attachments/${attachment.id}`);
    expect(attachment).toMatchObject({ fileName: 'crates.bin', size: content.length, sha256 });
  });

  it('refuses a program that is sent as a picture', async () => {
    const exe = new Blob([Buffer.from('4d5a90000300000004000000ffff0000', 'hex')], { type: 'image/png' });
    const response = await upload(await aTask(), exe, 'holiday.png');
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 'media_type_refused' });
  });

  it('leaves nothing when the client goes in the middle', async () => {
    const id = await aTask();
    const before = storedFiles(scene.platform).length;
    const request = httpRequest(`${url}/api/v1/tasks/${id}/attachments`, {
      method: 'POST',
      headers: { ...authorization(), 'content-type': 'multipart/form-data; boundary=x' },
    }).on('error', () => {});
    request.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n');
    request.write(randomBytes(1_000_000));
    // While it arrives it is kept under another name.
    await vi.waitFor(() => expect(storedFiles(scene.platform)).toHaveLength(before + 1));
    request.destroy();
    await vi.waitFor(() => expect(storedFiles(scene.platform)).toHaveLength(before));
    expect((await owner.do('attachments.list', { taskId: id })).data).toEqual([]);
  });
});

describe('a download over HTTP', () => {
  it('is the whole file, to be saved and never shown', async () => {
    const { id } = await anAttachment();
    const response = await download(id);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(content.length),
      'content-disposition': `attachment; filename="crates.bin"; filename*=UTF-8''crates.bin`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
      etag: `"${sha256}"`,
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  });

  it('can be a part', async () => {
    const { id } = await anAttachment();
    const response = await download(id, { range: 'bytes=100-199' });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes 100-199/${content.length}`);
    expect(response.headers.get('content-length')).toBe('100');
    expect(Buffer.from(await response.arrayBuffer()).equals(content.subarray(100, 200))).toBe(true);
  });

  it('is 416 where the file has nothing', async () => {
    const response = await download((await anAttachment()).id, { range: `bytes=${content.length}-` });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${content.length}`);
    expect(await response.json()).toMatchObject({ code: 'range_not_satisfiable' });
  });

  it('is 304 to whoever has the file, and whole when the part is of another one', async () => {
    const { id } = await anAttachment();
    for (const tag of [`"${sha256}"`, `W/"${sha256}"`, '*']) {
      const response = await download(id, { 'if-none-match': tag });
      expect([response.status, await response.text()]).toEqual([304, '']);
    }
    expect((await download(id, { 'if-none-match': '"other"' })).status).toBe(200);
    const range = { range: 'bytes=0-9' };
    expect((await download(id, { ...range, 'if-range': '"other"' })).status).toBe(200);
    expect((await download(id, { ...range, 'if-range': `"${sha256}"` })).status).toBe(206);
  });

  it('has a HEAD without a body', async () => {
    const response = await download((await anAttachment()).id, {}, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(content.length));
    expect(response.headers.get('etag')).toBe(`"${sha256}"`);
    expect(await response.text()).toBe('');
  });

  it('is in the log of calls with the status that was sent', async () => {
    const { id } = await anAttachment();
    const sent: number[] = [];
    const get = async (headers: Record<string, string>, method?: string) => {
      const response = await download(id, headers, method);
      await response.arrayBuffer();
      sent.push(response.status);
    };
    await get({});
    await get({ range: 'bytes=0-9' }, 'HEAD');
    await get({ range: 'bytes=0-9' });
    await get({ 'if-none-match': '*' });
    await get({ range: `bytes=${content.length}-` });
    expect(sent).toEqual([200, 200, 206, 304, 416]);
    await scene.platform.apiLog.write();
    const { api_requests: rows = [] } = await scene.dump(['api_requests']);
    const logged = rows.filter(({ path }) => path === `/api/v1/attachments/${id}/content`);
    expect(logged.toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1)).map(({ status }) => status)).toEqual(
      sent,
    );
  });

  it('works by its link alone', async () => {
    const { downloadUrl } = await anAttachment();
    const { pathname, search } = new URL(downloadUrl);
    const response = await fetch(url + pathname + search);
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    expect((await fetch(`${url}${pathname}?token=nonsense`)).status).toBe(403);
  });

  it('goes on where it broke off, with curl', async () => {
    const { id } = await anAttachment();
    const path = join(directory, 'resumed.bin');
    writeFileSync(path, content.subarray(0, 123_456));
    await run('curl', [
      '-sS',
      '-f',
      '-C',
      '-',
      '-o',
      path,
      '-H',
      `Authorization: Bearer ${owner.token}`,
      contentUrl(id),
    ]);
    expect(readFileSync(path).equals(content)).toBe(true);
  });
});
