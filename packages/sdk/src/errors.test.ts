import { describe, expect, test } from 'vitest';
import * as sdk from './index.ts';
import { fromResponse } from './failure.ts';

const problem = { code: 'a_code', detail: 'It did not work.', requestId: 'request-1' };
const responseOf = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

describe('an answer with a problem', () => {
  test.each([
    [400, sdk.BadRequestError],
    [401, sdk.UnauthenticatedError],
    [402, sdk.LimitExceededError],
    [403, sdk.PermissionDeniedError],
    [404, sdk.NotFoundError],
    [409, sdk.ConflictError],
    [412, sdk.PreconditionFailedError],
    [413, sdk.PayloadTooLargeError],
    [422, sdk.UnprocessableError],
    [429, sdk.RateLimitedError],
    [500, sdk.InternalError],
    [502, sdk.UnavailableError],
    [503, sdk.UnavailableError],
    [504, sdk.UnavailableError],
    [507, sdk.InternalError],
    [418, sdk.TenonError],
  ])('%i has its class', (status, Class) => {
    const error = fromResponse(responseOf(status), { ...problem, status });
    expect(error.constructor).toBe(Class);
    expect(error).toBeInstanceOf(sdk.TenonError);
    expect(error).toMatchObject({ ...problem, status, name: Class.name, message: problem.detail });
  });

  test('has everything that the server said', () => {
    const errors = ['title', 'status', 'priority', 'dueDate'].map((field) => ({
      path: `/body/${field}`,
      code: 'custom',
      message: 'Is wrong.',
    }));
    const more = {
      errors,
      permission: 'task:create',
      grantedBy: ['owner'],
      constraint: { kind: 'workingHours', allowedAgainAt: null },
      limit: 'tasks',
      max: 10,
    };
    const error = fromResponse(responseOf(403), { ...problem, ...more });
    expect(error).toMatchObject(more);
    expect(error.detail).toBe(problem.detail);
    expect(error.message).toBe(
      'It did not work. /body/title: Is wrong. /body/status: Is wrong. /body/priority: Is wrong. and 1 more',
    );
  });
});

test.each([undefined, null, 'text', [], { message: 'no problem' }])(
  'an answer with %j is known by its status',
  (body) => {
    const error = fromResponse(responseOf(502, { 'x-request-id': 'request-2' }), body);
    expect(error).toMatchObject({
      status: 502,
      code: 'http_502',
      requestId: 'request-2',
      detail: 'The server answered 502.',
      errors: [],
      permission: null,
      retryAfter: null,
    });
  },
);

test('Retry-After is seconds or a date', () => {
  const retryAfter = (text: string) => fromResponse(responseOf(429, { 'retry-after': text }), problem).retryAfter;
  expect(retryAfter('7')).toBe(7);
  expect(retryAfter(new Date(Date.now() + 60_000).toUTCString())).toBeCloseTo(60, -1);
  expect(retryAfter('Mon, 01 Jan 2024 00:00:00 GMT')).toBe(0);
  expect(retryAfter('soon')).toBeNull();
});

test('an error without an answer has no status', () => {
  const cause = new TypeError('fetch failed');
  expect(new sdk.ConnectionError(cause)).toMatchObject({
    status: null,
    code: 'connection_failed',
    requestId: null,
    cause,
  });
  expect(new sdk.TimeoutError(50)).toMatchObject({ status: null, code: 'timed_out', name: 'TimeoutError' });
});
