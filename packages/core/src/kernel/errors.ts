/** The kind of an error. The API maps each kind to one tRPC code and one HTTP status. */
export type ErrorKind =
  | 'validation' // 400
  | 'unauthenticated' // 401
  | 'limit_exceeded' // 402
  | 'forbidden' // 403
  | 'not_found' // 404
  | 'conflict' // 409
  | 'precondition_failed' // 412
  | 'payload_too_large' // 413
  | 'unsupported_media_type' // 415
  | 'unprocessable' // 422
  | 'rate_limited' // 429
  | 'internal' // 500
  | 'unavailable'; // 503

/** One wrong field. `path` is a JSON Pointer that begins with `/body`, `/query`, `/path` or `/header`. */
export interface FieldError {
  path: string;
  /** zod's issue code. */
  code: string;
  message: string;
}

/** Why a role refuses although it has the permission: see C7 and C8. */
export type FailedConstraint =
  | { kind: 'scope' }
  /** It is in a closed place, such as a private project, and the principal is no member of that. */
  | { kind: 'closed' }
  | { kind: 'assignedOnly' }
  /** `allowedAgainAt` is when the same action would be allowed, as an ISO instant; null if it never will be. */
  | { kind: 'workingHours'; allowedAgainAt: string | null; timezone: string };

/** What a client needs to finish a sign-in that has passed its first step. */
export interface SignInChallenge {
  /** To send back with the answer. Works once, until `expiresAt`. */
  token: string;
  /** The accepted answers: `totp`, `recovery_code` and others. The list will grow. */
  methods: string[];
  expiresAt: string;
}

/** Leads to a field of an input, as property names and positions in lists. */
export type FieldPath = readonly (string | number)[];

/** What an error can say in addition to its code. */
export interface ErrorDetails {
  message?: string;
  errors?: FieldError[];
  /** The wrong field of the operation's input. The API turns it into a JSON Pointer. */
  field?: FieldPath;
  /** Several wrong fields, each with what is wrong with it. */
  fields?: readonly { field: FieldPath; message: string }[];
  permission?: string;
  grantedBy?: string[];
  constraint?: FailedConstraint;
  limit?: string;
  max?: number;
  challenge?: SignInChallenge;
  /** Seconds. */
  retryAfter?: number;
  cause?: unknown;
}

/** An error for the client. The API answers anything else that is thrown as `internal`. */
export class DomainError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly details: ErrorDetails;

  constructor(code: string, kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(details.message ?? message, { cause: details.cause });
    this.name = 'DomainError';
    this.code = code;
    this.kind = kind;
    this.details = details;
  }
}

interface ErrorDefinition {
  kind: ErrorKind;
  message: string;
}

/**
 * Declares the errors of a room once, next to the code that throws them.
 *
 * @example
 * export const taskErrors = defineErrors({ task_not_found: { kind: 'not_found', message: 'There is no such task.' } });
 * throw taskErrors.task_not_found();
 */
export function defineErrors<Code extends string>(
  definitions: Record<Code, ErrorDefinition>,
): Record<Code, (details?: ErrorDetails) => DomainError> {
  const codes = Object.keys(definitions) as Code[];
  const entries = codes.map((code) => {
    const { kind, message } = definitions[code];
    return [code, (details?: ErrorDetails) => new DomainError(code, kind, message, details)] as const;
  });
  return Object.fromEntries(entries) as Record<Code, (details?: ErrorDetails) => DomainError>;
}

/** The errors that any room may throw. */
export const errors = defineErrors({
  unauthenticated: {
    kind: 'unauthenticated',
    message: 'Sign in first: the access token is missing, expired or not valid.',
  },
  permission_denied: { kind: 'forbidden', message: 'Your roles do not allow this.' },
  validation_failed: { kind: 'validation', message: 'The request has wrong or missing fields.' },
  version_conflict: {
    kind: 'precondition_failed',
    message: 'It has changed since you read it. Read it again and retry.',
  },
  precondition_failed: {
    kind: 'precondition_failed',
    message: 'It has a version that If-None-Match names.',
  },
  idempotency_key_reused: { kind: 'unprocessable', message: 'This Idempotency-Key was used with another input.' },
  idempotency_in_progress: { kind: 'conflict', message: 'A request with this Idempotency-Key is still running.' },
  idempotency_secret_already_shown: {
    kind: 'conflict',
    message: 'The first answer to this Idempotency-Key contained a secret, which is shown only once.',
  },
  limit_exceeded: { kind: 'limit_exceeded', message: 'The tier of the organization allows no more.' },
  rate_limited: { kind: 'rate_limited', message: 'Too many attempts. Try again later: Retry-After says when.' },
  database_busy: { kind: 'unavailable', message: 'The database is busy. Try again in a moment.' },
  database_unavailable: { kind: 'unavailable', message: 'The database cannot be reached. Try again in a moment.' },
  storage_full: {
    kind: 'unavailable',
    message: 'The disk is full, so nothing can be written. Reading still works. Try again later.',
  },
  internal: { kind: 'internal', message: 'Something went wrong on our side.' },
});
