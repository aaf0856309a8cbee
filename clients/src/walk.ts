import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { paths } from '../generated/openapi-typescript/schema.ts';

/** What an answer of openapi-fetch is about, in the types of the document. */
interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of a success. @throws the problem that was answered instead */
function dataOf<Data>({ data, error, response }: Answer<Data>): NonNullable<Data> {
  if (data == null) throw new Error(`${response.url} answered ${response.status} ${JSON.stringify(error)}`);
  return data;
}

const password = 'correct horse battery staple';

/** Creates a person with an organization of their own. Returns their access token. */
async function signUp(url: string): Promise<string> {
  const anonymous = createClient<paths>({ baseUrl: url });
  const email = `ada-${crypto.randomUUID()}@example.com`;
  const { verificationToken = '' } = dataOf(
    await anonymous.POST('/api/v1/auth/register', {
      body: { email, password, fullName: 'Ada Lovelace', organizationName: 'Analytical Engines' },
    }),
  );

  const early = await anonymous.POST('/api/v1/auth/login', { body: { login: email, password } });
  assert.deepEqual([early.response.status, early.error?.code], [403, 'email_not_verified']);

  dataOf(await anonymous.POST('/api/v1/auth/verify-email', { body: { token: verificationToken } }));
  const { accessToken, user } = dataOf(
    await anonymous.POST('/api/v1/auth/login', { body: { login: email, password, tokenTransport: 'body' } }),
  );
  assert.equal(user.fullName, 'Ada Lovelace');
  return accessToken;
}

/** Reads a stream of Server-Sent Events up to one of this type. Returns the data of that event as text. */
async function readUntil(stream: ReadableStream<Uint8Array>, type: string): Promise<string> {
  const frame = new RegExp(`^event: ${type.replaceAll('.', String.raw`\.`)}\ndata: (.*)\n\n`, 'm');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const [, data] = frame.exec(text) ?? [];
    if (data !== undefined) return data;
  }
  throw new Error(`The stream ended without ${type}: ${text}`);
}

/**
 * Uses the product as an integrator does who has only the OpenAPI document: no cast, no `any`, no type of ours.
 * @param url of a server in development mode
 * @throws when an answer is not what the document promises
 */
export async function walk(url: string): Promise<void> {
  const headers = { authorization: `Bearer ${await signUp(url)}` };
  const client = createClient<paths>({ baseUrl: url, headers });

  const tag = dataOf(await client.POST('/api/v1/tags', { body: { name: 'brass' } }));
  const again = await client.POST('/api/v1/tags', { body: { name: 'BRASS' } });
  assert.deepEqual([again.response.status, again.error?.code], [409, 'tag_name_taken']);

  const project = dataOf(await client.POST('/api/v1/projects', { body: { key: 'MILL', name: 'The mill' } }));
  const task = dataOf(
    await client.POST('/api/v1/tasks', {
      params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
      body: { title: 'Cut the gear wheels', priority: 'high', projectId: project.id, tagIds: [tag.id] },
    }),
  );
  assert.deepEqual([task.key, task.version, task.tags.map(({ name }) => name)], ['MILL-1', 1, ['brass']]);

  const page = dataOf(
    await client.GET('/api/v1/tasks', {
      params: { query: { status: ['todo', 'in_progress'], tag: [tag.id], sort: '-priority', total: true } },
    }),
  );
  assert.deepEqual([page.data.map(({ id }) => id), page.nextCursor, page.total], [[task.id], null, 1]);

  const path = { id: task.id };
  const first = { path, header: { 'If-Match': '"1"' } };
  const started = dataOf(
    await client.PATCH('/api/v1/tasks/{id}', { params: first, body: { status: 'in_progress', dueDate: null } }),
  );
  assert.equal(started.version, 2);

  const stale = await client.PATCH('/api/v1/tasks/{id}', { params: first, body: { status: 'done' } });
  // The type of `code` follows from `status`.
  const codes: ('version_conflict' | 'precondition_failed')[] = stale.error?.status === 412 ? [stale.error.code] : [];
  assert.deepEqual(codes, ['version_conflict']);
  const wrong = await client.PATCH('/api/v1/tasks/{id}', { params: { path }, body: { title: ' ' } });
  assert.deepEqual(
    wrong.error?.errors?.map((fault) => fault.path),
    ['/body/title'],
  );

  const above = { path: { taskId: task.id } };
  const comment = dataOf(
    await client.POST('/api/v1/tasks/{taskId}/comments', { params: above, body: { body: 'Forty teeth.' } }),
  );
  assert.deepEqual([comment.author.fullName, comment.body], ['Ada Lovelace', 'Forty teeth.']);

  const attachment = dataOf(
    await client.POST('/api/v1/tasks/{taskId}/attachments', {
      params: above,
      body: { file: 'part,teeth\nwheel,40\n' },
      bodySerializer({ file }) {
        const form = new FormData();
        form.set('file', new Blob([file]), 'wheels.csv');
        return form;
      },
    }),
  );
  assert.deepEqual([attachment.fileName, attachment.size], ['wheels.csv', 20]);
  const file = await client.GET('/api/v1/attachments/{id}/content', {
    params: { path: { id: attachment.id } },
    parseAs: 'text',
  });
  assert.equal(file.data, 'part,teeth\nwheel,40\n');

  const stream = dataOf(
    await client.GET('/api/v1/events/stream', {
      params: { query: { after: 0, types: ['task.*'] } },
      parseAs: 'stream',
    }),
  );
  assert.match(await readUntil(stream, 'task.updated'), /"to":"in_progress"/);

  const removed = await client.DELETE('/api/v1/tasks/{id}', { params: { path } });
  assert.equal(removed.response.status, 204);
  const gone = await client.GET('/api/v1/tasks/{id}', { params: { path } });
  assert.deepEqual([gone.response.status, gone.error?.code], [404, 'task_not_found']);
  const restored = dataOf(await client.POST('/api/v1/tasks/{id}/restore', { params: { path } }));
  assert.equal('title' in restored && restored.title, 'Cut the gear wheels');
}
