import { type ApiRoute, hasSecrets, type Principal } from '@tenon/core';
import type { z } from 'zod';
import type { Answer, RequestContext } from './context.ts';
import type { ApiError } from './errors.ts';
import type { Operation } from './operation.ts';
import { pathOf } from './problem.ts';
import { restPrefix } from './rest/answer.ts';

interface Described {
  route: ApiRoute;
  /** Whether a parameter of the path is a secret. */
  hasSecretPath: boolean;
}

/** What the log needs to know about each operation. */
const described = new WeakMap<Operation, Described>();

function describe(operation: Operation): Described {
  const { method, parameters, path, input } = operation;
  const fields = Object.entries<z.core.$ZodType>(input.shape);
  const hasSecretPath = fields.some(([name, schema]) => parameters.has(name) && hasSecrets(schema));
  return { route: { method, endpoint: restPrefix + path }, hasSecretPath };
}

function describedOf(operation: Operation): Described {
  let known = described.get(operation);
  if (!known) described.set(operation, (known = describe(operation)));
  return known;
}

function statusOf({ status }: Operation, { outcome, known, download }: Answer): number {
  if (known !== null) return 304;
  if (download) return download.status;
  if (outcome.dryRun) return 200;
  return outcome.accepted ? 202 : status;
}

/** One call on its way to the log of calls, where both transports look the same. */
export class LoggedCall {
  /** Null until the caller is known. Such a call is not logged. */
  principal: Principal | null = null;
  /** Null until the input is found valid. */
  input: Record<string, unknown> | null = null;
  readonly #operation: Operation;
  readonly #request: RequestContext;
  readonly #began = performance.now();

  constructor(operation: Operation, request: RequestContext) {
    this.#operation = operation;
    this.#request = request;
  }

  /**
   * A stream is logged when it begins, so that the usage says how long that takes, and not how long people stay.
   * @param output what the service answered, without the frame of a dry run. A file is not logged, nor its address in the storage, nor
   * what a stream will send
   */
  succeed(answer: Answer, output: unknown): void {
    const { output: schema, kind } = this.#operation;
    const value = schema && kind !== 'stream' ? output : undefined;
    this.#add(statusOf(this.#operation, answer), { value, schema });
  }

  fail({ status, problem: code, message: detail, details: { errors = [] } }: ApiError): void {
    this.#add(status, { value: { code, detail, errors }, schema: null });
  }

  #add(status: number, response: { value: unknown; schema: Operation['output'] }): void {
    const { principal, input } = this;
    if (!principal) return;
    const { type, input: schema } = this.#operation;
    const { platform, url, address } = this.#request;
    const { route, hasSecretPath } = describedOf(this.#operation);
    platform.apiLog.add({
      principal,
      route,
      path: hasSecretPath ? route.endpoint : pathOf(url),
      writes: type === 'mutation',
      status,
      durationMs: performance.now() - this.#began,
      address,
      request: input && { value: input, schema },
      response,
    });
  }
}
