export type { AuthChange, AuthListener } from './access-tokens.ts';
export * from './api.ts';
export { browserSession, type BrowserSessionOptions } from './browser-session.ts';
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
  type ProblemChallenge,
  type ProblemConstraint,
  RateLimitedError,
  TenonError,
  TimeoutError,
  UnauthenticatedError,
  UnavailableError,
  UnprocessableError,
} from './errors.ts';
export type { DownloadedFile } from './files.ts';
export type { List, Page } from './list.ts';
export type { FileSource } from './multipart.ts';
export type {
  CallOptions,
  DownloadOptions,
  DryRunOptions,
  MutationOptions,
  RetryOptions,
  TenonOptions,
  UploadOptions,
  WaitOptions,
} from './options.ts';
export type { Logger, LogLevel, ObserverOptions, ReceivedResponse, Retry, SentRequest } from './observer.ts';
export type { Call, ResponseInfo, WithResponse } from './responses.ts';
export { memorySession, type SessionStore, type Tokens } from './session.ts';
export { createTenon, type Tenon } from './tenon.ts';
export type {
  AuthCall,
  DownloadCall,
  DryRun,
  DryRunEvent,
  MutationCall,
  QueryCall,
  RedirectCall,
  UploadCall,
} from './types.ts';
