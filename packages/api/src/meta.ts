import type { TRPCDefaultErrorShape } from '@trpc/server';
import type { Problem } from './problem.ts';

/*
 * What the router's type is made of. The SDK publishes it: nothing here names a type of core or of a library but tRPC.
 */

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * What an operation takes and answers over HTTP.
 * - `json`: JSON both ways. Also served over tRPC.
 * - `redirect`: a GET that writes, then sends the browser to another address.
 * - `form`: takes `application/x-www-form-urlencoded`, for senders that do not write JSON.
 *
 * Every kind but `json` exists over REST only. Uploads, downloads and streams will each be a kind.
 */
export type OperationKind = 'json' | 'redirect' | 'form';

/** Whether an operation acts in an organization: `optional` takes one when there is one. */
export type OrganizationNeed = 'none' | 'optional' | 'required';

/** A problem that an operation may answer. */
export interface DeclaredProblem {
  readonly code: string;
  readonly status: number;
}

/** What a procedure declares of itself, as every enumeration of the router finds it in `_def.meta`. */
export interface OperationMeta<Kind extends OperationKind = OperationKind> {
  readonly kind: Kind;
  readonly method: Method;
  /** Below `/api/v1`, with `{name}` for its parameters. */
  readonly path: `/${string}`;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string | null;
  /**
   * `public` needs nobody, `user` anybody who is signed in, `instance` who administers the instance, `permission` the one in
   * `permission`.
   */
  readonly access: 'public' | 'user' | 'instance' | 'permission';
  readonly permission: string | null;
  /** Whether an API key may call it, not only a person who is signed in. */
  readonly apiKey: boolean;
  /** Whether a session that holds in one organization only may call it, or only one of the account itself. */
  readonly limitedSession: boolean;
  readonly organization: OrganizationNeed;
  /** Of a success: 200, 201, 202, 204 or 303. */
  readonly status: number;
  readonly problems: readonly DeclaredProblem[];
  /** Whether it has a target with a version, so that If-Match means something. */
  readonly versioned: boolean;
  /** Whether it takes Idempotency-Key, If-Match and Dry-Run; a mutation that does not refuses them. */
  readonly mutationHeaders: boolean;
  /** Whether its answer holds a secret, which is never kept for a replay. */
  readonly secretAnswer: boolean;
  /** Whether it exists over REST only: it uses the refresh cookie, or its kind is not `json`. */
  readonly restOnly: boolean;
}

/** What every procedure gets from its transport, which passes a `RequestContext`. */
export interface Context {
  readonly requestId: string;
}

/** An error as tRPC clients get it. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorShape['data'] & { problem: Problem };
}

/** What tRPC infers clients from. */
export interface ProcedureTypes<Input, Output, Kind extends OperationKind = 'json'> {
  input: Input;
  output: Output;
  meta: OperationMeta<Kind>;
  errorShape: ErrorShape;
}
