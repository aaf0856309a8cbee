export type { Job, Problem, ProblemField } from '@tenon/api';
export {
  BadRequestError,
  ConflictError,
  ConnectionError,
  type ErrorParts,
  InternalError,
  LimitExceededError,
  NotFoundError,
  PayloadTooLargeError,
  PermissionDeniedError,
  PreconditionFailedError,
  type ProblemConstraint,
  RateLimitedError,
  TenonError,
  TimeoutError,
  UnauthenticatedError,
  UnavailableError,
  UnprocessableError,
} from './errors.ts';
export type { List, Page } from './list.ts';
export type {
  CallOptions,
  DryRunOptions,
  MutationOptions,
  RetryOptions,
  TenonOptions,
  WaitOptions,
} from './options.ts';
export { memorySession, type Session, type Tokens } from './session.ts';
export { createTenon, type Inputs, type Outputs, type Tenon } from './tenon.ts';
export type { AuthCall, DryRun, DryRunEvent, MutationCall, QueryCall, RedirectCall } from './types.ts';
