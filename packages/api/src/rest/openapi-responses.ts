import { STATUS_CODES } from 'node:http';
import { Job } from '@tenon/core';
import { z } from 'zod';
import { type Operation, problemsOf } from '../operation.ts';
import type { Examples, OperationExample } from './examples.ts';
import { type Components, isJson, type Json } from './json-schema.ts';
import { headers, type ProblemGroup, problemResponse, problemResponseName } from './openapi-components.ts';

/** The responses of the operations of the document: JSON, jobs, redirects, files, streams and problems. */

const ref = (name: string): Json => ({ $ref: `#/components/headers/${name}` });
const json = (schema: Json, example?: unknown): Json => ({
  'application/json': { schema, ...(example !== undefined && { example }) },
});

/** The example of an operation's answer, and of the job with which it answers when its work takes long. */
interface AnswerExamples extends Pick<OperationExample, 'answer'> {
  readonly accepted: unknown;
}

/** Describes what an operation answers, by status. */
export const responsesOf = (operation: Operation, components: Components, examples: AnswerExamples): Json =>
  announced(operation, answersOf(operation, components, examples));

function answersOf(operation: Operation, components: Components, { answer, accepted }: AnswerExamples): Json {
  if (operation.kind === 'redirect') return redirectResponses(operation, answer);
  if (operation.kind === 'download') return downloadResponses(operation);
  if (operation.kind === 'stream') return streamResponses(operation, components, answer);
  const { status, output, mutationHeaders, revalidates } = operation;
  const members = output instanceof z.ZodObject ? output.shape : {};
  const schema = output && components.output(output);
  const success = {
    description: STATUS_CODES[status],
    headers: {
      'X-Request-Id': ref('RequestId'),
      ...('version' in members && { ETag: ref('ETag') }),
      ...('nextCursor' in members && { Link: ref('Link') }),
      ...(status === 201 && { Location: ref('Location') }),
      ...(mutationHeaders && { 'Idempotency-Replayed': ref('IdempotencyReplayed') }),
    },
    ...(schema && { content: json(schema, answer) }),
  };
  return {
    [status]: success,
    ...(revalidates && { 304: { description: STATUS_CODES[304], headers: { ETag: ref('ETag') } } }),
    ...(operation.long && { 202: jobResponse(components, accepted) }),
    ...problemResponses(operation),
  };
}

/** Adds the headers of a deprecated operation to its successes. Its problems have them too, but share their responses with others. */
function announced({ deprecated }: Operation, responses: Json): Json {
  if (!deprecated) return responses;
  const more = {
    Deprecation: ref('Deprecation'),
    ...(deprecated.sunset !== undefined && { Sunset: ref('Sunset') }),
  };
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      isJson(response) && isJson(response['headers'])
        ? { ...response, headers: { ...response['headers'], ...more } }
        : response,
    ]),
  );
}

/** The answer of an operation whose work goes on as a job. */
const jobResponse = (components: Components, example: unknown): Json => ({
  description: 'It takes long and goes on as a job.',
  headers: {
    'X-Request-Id': ref('RequestId'),
    Location: ref('JobLocation'),
    'Idempotency-Replayed': ref('IdempotencyReplayed'),
  },
  content: json(components.output(Job), example),
});

/** Linters ask for a 2xx or a `default` response. A redirect has no 2xx, so `default` replaces its 500. */
function redirectResponses(operation: Operation, example: unknown): Json {
  const { 500: internal, ...problems } = problemResponses(operation);
  const location = example === undefined ? ref('RedirectLocation') : { ...headers.RedirectLocation, example };
  return {
    [operation.status]: {
      description: STATUS_CODES[operation.status],
      headers: { 'X-Request-Id': ref('RequestId'), Location: location },
    },
    ...problems,
    default: internal,
  };
}

function downloadResponses(operation: Operation): Json {
  const description = 'The whole file.';
  const content = { '*/*': { schema: { type: 'string', format: 'binary' } } };
  const named = { 'Content-Disposition': ref('ContentDisposition') };
  if (!operation.resumable) {
    const headers = { 'X-Request-Id': ref('RequestId'), ...named };
    return { 200: { description, headers, content }, ...problemResponses(operation) };
  }
  const always = { 'X-Request-Id': ref('RequestId'), ETag: ref('FileETag') };
  const sent = { ...always, ...named, 'Accept-Ranges': ref('AcceptRanges') };
  return {
    200: { description, headers: sent, content },
    206: {
      description: 'The part that Range asks for.',
      headers: { ...sent, 'Content-Range': ref('ContentRange') },
      content,
    },
    302: {
      description: 'The storage serves the file there, for at most 60 seconds.',
      headers: { ...always, Location: ref('FileLocation') },
    },
    304: { description: STATUS_CODES[304], headers: always },
    ...problemResponses(operation),
  };
}

/** OpenAPI 3.1 describes no parts of a stream, so the schema is that of a list of them. Version 3.2 calls the same `itemSchema`. */
function streamResponses(operation: Operation, components: Components, example: unknown): Json {
  const items = Object.entries(operation.events).map(([name, schema]) => ({
    type: 'object',
    properties: {
      id: { type: 'string', description: 'The sequence of the event. Send the last one as `Last-Event-ID`.' },
      event: { type: 'string', ...(name !== '*' && { const: name }), description: 'The type of the event.' },
      data: { ...components.output(schema), description: 'What happened, as JSON.' },
      retry: { type: 'integer', description: 'How long to wait before connecting again, in milliseconds.' },
    },
    required: ['event', 'data'],
  }));
  const schema = { type: 'array', format: 'event-stream', items: { anyOf: items } };
  return {
    200: {
      description: 'The stream. `data` is JSON.',
      headers: { 'X-Request-Id': ref('RequestId') },
      content: { 'text/event-stream': { schema, ...(example !== undefined && { example }) } },
    },
    ...problemResponses(operation),
  };
}

/** The problems of an operation by status, in the order of the statuses. */
function problemGroups(operation: Operation): ProblemGroup[] {
  const codes = new Map<number, Set<string>>();
  for (const { status, code } of problemsOf(operation)) codes.set(status, (codes.get(status) ?? new Set()).add(code));
  return [...codes].toSorted(([a], [b]) => a - b).map(([status, found]) => ({ status, codes: [...found].toSorted() }));
}

const problemResponses = (operation: Operation): Json =>
  Object.fromEntries(
    problemGroups(operation).map((group) => [
      group.status,
      { $ref: `#/components/responses/${problemResponseName(group)}` },
    ]),
  );

/** The responses to which `problemResponses` refers. */
export const sharedResponses = (operations: Iterable<Operation>, { problems }: Examples): Json =>
  Object.fromEntries(
    Array.from(operations)
      .flatMap(problemGroups)
      .toSorted((a, b) => a.status - b.status)
      .map((group) => [problemResponseName(group), problemResponse(group, problems)]),
  );
