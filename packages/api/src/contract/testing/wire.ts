import type { FastifyInstance, InjectOptions } from 'fastify';
import type { Operation } from '../../operation.ts';
import type { Problem } from '../../problem.ts';
import { bodyFormats } from '../../rest/body.ts';

export const surfaces = ['rest', 'trpc'] as const;
export type Surface = (typeof surfaces)[number];

/** Where an operation is served. */
export const surfacesOf = ({ restOnly }: Operation): readonly Surface[] => (restOnly ? ['rest'] : surfaces);

export type Fields = Readonly<Record<string, unknown>>;

/** An answer, over REST or tRPC. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Null unless the call succeeded. For a redirect it is the address, for a download the file as text. */
  readonly data: unknown;
  /** Null when the call succeeded. */
  readonly problem: Problem | null;
  /** The whole body. */
  readonly text: string;
}

export interface CallOptions {
  /** @default null, an anonymous caller */
  token?: string | null;
  headers?: Readonly<Record<string, string>>;
  /** How many events of a stream to read. @default 1 */
  events?: number;
}

/** Percent-encodes text. A lone surrogate is encoded as a careless client would do it, which is not valid UTF-8. */
const encode = (text: string): string =>
  Array.from(text, (point) => (point.isWellFormed() ? encodeURIComponent(point) : '%ED%A0%80')).join('');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const queryOf = (fields: readonly (readonly [string, unknown])[]): string =>
  fields
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((item) => [name, textOf(item)] as const))
    .map((pair) => pair.map(encode).join('='))
    .join('&');

/** JSON as a client in any language may write it: JSON.stringify cannot write a number beyond the doubles. */
const beyondDoubles = '1e400';
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (one === Infinity ? beyondDoubles : one)).replaceAll(
    `"${beyondDoubles}"`,
    beyondDoubles,
  );

/** The file that every upload sends: a picture, because some uploads take nothing else. */
const sentFile = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const boundary = '----of-the-contract-tests';

/** A form with a file, after the other fields. */
function formOf(fields: readonly (readonly [string, unknown])[]): Buffer {
  const head = (named: string) => `--${boundary}\r\nContent-Disposition: form-data; ${named}\r\n\r\n`;
  const others = fields.map(([name, value]) => `${head(`name="${name}"`)}${textOf(value)}\r\n`);
  const file = head('name="file"; filename="depot.png"');
  return Buffer.concat([Buffer.from(others.join('') + file), sentFile, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function restRequest(operation: Operation, input: Fields): InjectOptions {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(textOf(input[name])));
  const others = Object.entries(input).filter(
    ([name, value]) => !operation.parameters.has(name) && value !== undefined,
  );
  const request = { method: operation.method, url: `/api/v1${path}` };
  if (operation.kind === 'upload') {
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    return { ...request, headers, payload: formOf(others) };
  }
  if (others.length === 0) return request;
  if (!operation.hasBody) return { ...request, url: `${request.url}?${queryOf(others)}` };
  const [type = ''] = bodyFormats[operation.kind].types;
  const payload = operation.kind === 'form' ? queryOf(others) : jsonOf(Object.fromEntries(others));
  return { ...request, headers: { 'content-type': type }, payload };
}

function trpcRequest(name: string, operation: Operation, input: unknown): InjectOptions {
  const payload = jsonOf(input);
  if (operation.type === 'query') return { method: 'GET', url: `/trpc/${name}?input=${encodeURIComponent(payload)}` };
  return { method: 'POST', url: `/trpc/${name}`, headers: { 'content-type': 'application/json' }, payload };
}

interface TrpcBody {
  result?: { data?: unknown };
  error?: { data: { problem: Problem } };
}

/** An event of a stream. */
export interface StreamEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: object;
  readonly retry?: number;
}

/** Reads the events in the text of a stream. The greeting of tRPC is none. */
export const streamEventsIn = (text: string): StreamEvent[] =>
  text.split(/\n\n+/).flatMap((frame) => {
    const fields = new Map(Array.from(frame.matchAll(/^(\w+): (.*)$/gm), ([, name = '', value = '']) => [name, value]));
    const { id, event = '', data, retry } = Object.fromEntries(fields);
    if (data === undefined || event === 'connected') return [];
    return {
      ...(id !== undefined && { id }),
      event,
      data: JSON.parse(data) as object,
      ...(retry !== undefined && { retry: Number(retry) }),
    };
  });

/** Reads the first events of a stream, and then goes. tRPC sends problems as events too. */
async function callStream(
  app: FastifyInstance,
  surface: Surface,
  request: InjectOptions,
  wanted: number,
): Promise<Reply> {
  const response = await app.inject({ ...request, payloadAsStream: true });
  const { statusCode: status, headers } = response;
  const body = response.stream();
  let text = '';
  let events: StreamEvent[] = [];
  for await (const chunk of body) {
    text += String(chunk);
    events = status < 400 && text.endsWith('\n\n') ? streamEventsIn(text) : [];
    if (events.length >= wanted) break;
  }
  body.destroy();
  const [first] = events;
  if (!first) return { status, headers, text, data: null, problem: JSON.parse(text) as Problem };
  if (first.event === 'serialized-error') {
    const { problem } = (first.data as NonNullable<TrpcBody['error']>).data;
    return { status: problem.status, headers, text, data: null, problem };
  }
  // The sequence in the first event differs from call to call.
  return { status, headers, text, data: { begins: 'sequence' in first.data }, problem: null };
}

/** Calls an operation as a client of the surface would. */
export async function callOver(
  app: FastifyInstance,
  surface: Surface,
  name: string,
  operation: Operation,
  input: Fields,
  { token = null, headers = {}, events = 1 }: CallOptions,
): Promise<Reply> {
  const request = surface === 'rest' ? restRequest(operation, input) : trpcRequest(name, operation, input);
  const sent = { ...request.headers, ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  if (operation.kind === 'stream') return callStream(app, surface, { ...request, headers: sent }, events);
  const { statusCode: status, headers: got, body: text } = await app.inject({ ...request, headers: sent });
  const failed = status >= 400;
  const isFile = operation.kind === 'download' && surface === 'rest' && !failed;
  const body: unknown = isFile ? text : text === '' ? null : JSON.parse(text);
  if (surface === 'rest') {
    const data = operation.kind === 'redirect' ? got.location : body;
    return { status, headers: got, text, data: failed ? null : data, problem: failed ? (body as Problem) : null };
  }
  const { result, error } = (body ?? {}) as TrpcBody;
  return { status, headers: got, text, data: result?.data ?? null, problem: error?.data.problem ?? null };
}
