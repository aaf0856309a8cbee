import type { TRPCDefaultErrorShape } from '@trpc/server';
import type { Problem } from './problem.ts';

/*
 * The types in the router's type. The SDK publishes them, so nothing here may name a type of core, or of a library except tRPC.
 */

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * What an operation takes and answers over HTTP.
 * - `json`: JSON both ways. Also served over tRPC.
 * - `redirect`: a GET that writes, then sends the browser to another address.
 * - `form`: takes `application/x-www-form-urlencoded`, for senders that do not write JSON.
 * - `click`: a POST to an address from a mail, which contains all fields. Mail programs send it, with a body that says nothing.
 * - `upload`: takes `multipart/form-data` with one file, and answers JSON.
 * - `download`: answers a file, or a part of it.
 * - `stream`: answers Server-Sent Events until somebody ends it. Over tRPC it is a subscription.
 *
 * Every kind but `json` and `stream` exists over REST only.
 */
export type OperationKind = 'json' | 'redirect' | 'form' | 'click' | 'upload' | 'download' | 'stream';

/** Whether an operation acts in an organization. `optional`: in the active one, if there is one. */
export type OrganizationNeed = 'none' | 'optional' | 'required';

/** A problem that an operation may answer. */
export interface DeclaredProblem {
  readonly code: string;
  readonly status: number;
}

/** Announces that an operation will be removed, and until when it works. Days are written as `2026-01-31`. */
export interface Deprecation {
  /** The day from which nobody should begin to use it. */
  readonly since: string;
  /** The last day on which it works for certain, at least 180 days later. Absent while that is not decided. */
  readonly sunset?: string;
  /** The operationId of what to call instead. Absent when nothing replaces it. */
  readonly replacedBy?: string;
}

/** Work that goes on after the answer of an operation that may take long: 202 over REST. */
export interface Job {
  id: string;
  /** The operation that started it. */
  kind: string;
  status: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  /** In percent; null while it is unknown. */
  progress: number | null;
  /** What it has done, once it is done; otherwise null. */
  result: Record<string, unknown> | null;
  /** Why it failed. */
  error: { code: string; message: string } | null;
  createdAt: string;
  finishedAt: string | null;
}

/** The declaration of a procedure, which whoever enumerates the router finds in `_def.meta`. */
export interface OperationMeta<Kind extends OperationKind = OperationKind> {
  readonly kind: Kind;
  readonly method: Method;
  /** Below `/api/v1`. Parameters are written as `{name}`. */
  readonly path: `/${string}`;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string | null;
  /** Null unless it is deprecated. */
  readonly deprecated: Deprecation | null;
  /**
   * Who may call it. `public`: anybody. `user`: anybody who is signed in. `instance`: administrators of the instance.
   * `permission`: callers with the permission in `permission`.
   */
  readonly access: 'public' | 'user' | 'instance' | 'permission';
  readonly permission: string | null;
  /** Whether API keys may call it, and not only people who are signed in. */
  readonly apiKey: boolean;
  /** Whether a session that is limited to one organization may call it, and not only a session of the account itself. */
  readonly limitedSession: boolean;
  readonly organization: OrganizationNeed;
  /** The status of a success: 200, 201, 202, 204 or 303. */
  readonly status: number;
  /** Whether it may answer 202 and a job instead, which goes on with the work. */
  readonly long: boolean;
  readonly problems: readonly DeclaredProblem[];
  /** Whether it takes If-Match, because its target has a version. */
  readonly versioned: boolean;
  /** Whether it takes Idempotency-Key, If-Match and Dry-Run. Other mutations refuse these headers. */
  readonly mutationHeaders: boolean;
  /** Whether its answer contains a secret. Such an answer is never stored for a replay. */
  readonly secretAnswer: boolean;
  /** Whether it exists over REST only: it uses the refresh cookie, or its kind is neither `json` nor `stream`. */
  readonly restOnly: boolean;
}

/** The context of every procedure. Each transport passes a `RequestContext`. */
export interface Context {
  readonly requestId: string;
}

/** An error as tRPC clients receive it. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorShape['data'] & { problem: Problem };
}

/** The types from which tRPC infers clients. */
export interface ProcedureTypes<Input, Output, Kind extends OperationKind = 'json'> {
  input: Input;
  output: Output;
  meta: OperationMeta<Kind>;
  errorShape: ErrorShape;
}
