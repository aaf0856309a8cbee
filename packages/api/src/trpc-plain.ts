import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '@tenon/core';
import type { Answer, RequestContext } from './context.ts';
import { duplicateMembers } from './duplicates.ts';
import { type ApiError, malformedBody, toApiError } from './errors.ts';
import { sentMutationHeaders } from './headers.ts';
import { logFailure } from './http/failures.ts';
import { addVary, sendJson, sendNotModified } from './http/json.ts';
import type { Operation } from './operation.ts';
import { problemHeaders } from './problem.ts';
import { answerHeaders } from './rest/answer.ts';
import { callOf, toErrorShape } from './trpc.ts';

/** The most calls in one batch. */
export const largestBatch = 100;

/** A request with several calls must not have these headers, because nothing says which call they belong to. */
export const refusedInBatch = ({ headers, method }: FastifyRequest): string[] =>
  // A batch of reads has no ETag, so a client that revalidates it gets the whole answer.
  sentMutationHeaders(headers).filter((name) => name !== 'If-None-Match' || method === 'POST');

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The input of the calls of a request, which is one text of JSON. */
export class TrpcInput {
  readonly isBatch: boolean;
  readonly #text: string;
  #parsed: { readonly value: unknown } | undefined;
  #repeated: (string | number)[][] | undefined;

  constructor({ url, body }: Pick<FastifyRequest, 'url' | 'body'>) {
    const start = url.indexOf('?');
    const query = start === -1 ? null : new URLSearchParams(url.slice(start));
    this.isBatch = query?.get('batch') === '1';
    this.#text = typeof body === 'string' ? body : (query?.get('input') ?? '');
  }

  /**
   * Returns the input of one call. Undefined when there is none.
   * @throws `validation_failed` when the text is no JSON, or when that of a batch is no object
   */
  of(batchIndex: number): unknown {
    this.#parsed ??= { value: this.#parse() };
    const { value } = this.#parsed;
    if (!this.isBatch || value === undefined) return value;
    if (isPlainObject(value)) return value[batchIndex];
    throw errors.validation_failed({ message: '"input" needs to be an object when doing a batch call' });
  }

  /** Returns the members that occur twice in the input of one call. `JSON.parse` drops them, so they are found in the text. */
  readonly repeatedIn: RequestContext['repeatedIn'] = (batchIndex) => {
    this.#repeated ??= duplicateMembers(this.#text);
    if (!this.isBatch) return this.#repeated;
    return this.#repeated.filter(([index]) => index === String(batchIndex)).map((names) => names.slice(1));
  };

  #parse(): unknown {
    if (this.#text === '') return undefined;
    try {
      return JSON.parse(this.#text);
    } catch {
      throw malformedBody('It is not valid JSON.');
    }
  }
}

interface PlainCall {
  readonly path: string;
  readonly operation: Operation;
}

/** Whether a client wants each answer of a batch as soon as it is there, as tRPC's httpBatchStreamLink and our SDK do. */
const wantsLines = ({ headers }: FastifyRequest): boolean => headers['trpc-accept'] === 'application/jsonl';

const isJson = (contentType: string | undefined): boolean =>
  contentType === 'application/json' || contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';

/**
 * Returns the calls of a request that `answerPlain` can answer. Returns null for every other request, which tRPC itself answers: streams,
 * what is rare, and every request with an error that is found before a procedure is called.
 *
 * @param path the names of the procedures, decoded once
 */
export function plainCalls(
  operations: ReadonlyMap<string, Operation>,
  request: FastifyRequest,
  path: string,
  { isBatch }: TrpcInput,
): PlainCall[] | null {
  const { headers, method, url } = request;
  if (headers.accept?.includes('jsonl')) return null;
  if (headers['trpc-accept'] !== undefined && !(wantsLines(request) && isBatch && method !== 'HEAD')) return null;
  if (method === 'POST' ? !isJson(headers['content-type']) : headers['content-type'] !== undefined) return null;
  // tRPC decodes the path again, and reads the URL as a browser does.
  if (/[#%]/.test(path) || url.includes('#') || url.includes('connectionParams')) return null;
  const names = isBatch ? path.split(',') : [path];
  if (names.length > largestBatch) return null;
  const calls: PlainCall[] = [];
  for (const name of names) {
    const operation = operations.get(name);
    if (operation?.type !== (method === 'POST' ? 'mutation' : 'query') || operation.kind === 'stream') return null;
    calls.push({ path: name, operation });
  }
  return calls.length > 1 && refusedInBatch(request).length > 0 ? null : calls;
}

/** How a call ended. */
type Outcome = { readonly path: string } & (
  | { readonly error: ApiError; readonly data?: never }
  | { readonly error: null; readonly data: unknown }
);

const jsonOf = (request: FastifyRequest, { path, error, data }: Outcome): string =>
  JSON.stringify(
    error ? { error: toErrorShape(error, { url: request.url, requestId: request.id }, path) } : { result: { data } },
  );

/** Returns the status that all calls have, or else 207. */
function statusOf(outcomes: readonly Outcome[]): number {
  const statuses = new Set(outcomes.map(({ error }) => error?.status ?? 200));
  const [only = 207] = statuses;
  return statuses.size === 1 ? only : 207;
}

/** Returns the headers of the answer. In a batch nothing would say which call they belong to, so only those of problems are sent. */
function headersOf(outcomes: readonly Outcome[], answer: Answer | null): Record<string, string> {
  const headers = outcomes.length === 1 && answer ? answerHeaders(answer) : {};
  for (const { error } of outcomes) if (error) Object.assign(headers, problemHeaders(error));
  return headers;
}

/**
 * Sends the answers to a batch as `application/jsonl`: a line that names the calls, and a line for each call as soon as it has ended. tRPC
 * itself writes three lines for a call, because its answers may contain promises. Its clients read both.
 */
function sendLines(
  calls: readonly PlainCall[],
  textOf: (call: PlainCall, batchIndex: number) => Promise<string>,
  reply: FastifyReply,
): FastifyReply {
  const lines = new PassThrough();
  lines.write(`{${calls.map((_, index) => `"${index}":[[0],[null,0,${index}]]`).join()}}\n`);
  const writeLine = async (call: PlainCall, index: number): Promise<void> => {
    lines.write(`[${index},0,[[${await textOf(call, index)}]]]\n`);
  };
  Promise.all(calls.map(writeLine)).then(
    () => lines.end(),
    (error: Error) => lines.destroy(error),
  );
  return reply.type('application/json').send(lines);
}

/**
 * Answers plain calls and batches as tRPC does, JSON with the same bytes. tRPC itself makes a Fetch request, a Fetch response and about twenty
 * promises for a call, which cost more than the call. A test compares the two.
 */
export async function answerPlain(
  calls: readonly PlainCall[],
  input: TrpcInput,
  context: RequestContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const run = async ({ path, operation }: PlainCall, batchIndex: number): Promise<Outcome> => {
    try {
      const data = await operation.call(callOf(context, path, batchIndex, () => input.of(batchIndex)));
      return { path, error: null, data };
    } catch (thrown) {
      const error = toApiError(thrown);
      logFailure(request, error);
      return { path, error };
    }
  };
  if (wantsLines(request)) {
    addVary(reply, 'trpc-accept, accept');
    return sendLines(calls, async (call, index) => jsonOf(request, await run(call, index)), reply);
  }
  const [first] = calls;
  const outcomes = first && calls.length === 1 ? [await run(first, 0)] : await Promise.all(calls.map(run));
  const headers = headersOf(outcomes, context.answer);
  // Only the answer to a single call has an ETag.
  const known = headers['etag'] === undefined ? null : (context.answer?.known ?? null);
  addVary(reply, 'trpc-accept, accept');
  if (known !== null) return sendNotModified(reply, known, context);
  const texts = outcomes.map((outcome) => jsonOf(request, outcome));
  reply.code(statusOf(outcomes)).headers(headers);
  const compress = context.compress && calls.every(({ operation }) => operation.compressible);
  return sendJson(reply, input.isBatch ? `[${texts.join()}]` : texts.join(), { compress });
}
