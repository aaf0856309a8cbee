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
  /** It is in a closed place, such as a private project, and the principal is not a member of that place. */
  | { kind: 'closed' }
  | { kind: 'assignedOnly' }
  /** `allowedAgainAt` is when the same action would be allowed, as an ISO instant; null if it never will be. */
  | { kind: 'workingHours'; allowedAgainAt: string | null; timezone: string };

/** What a client needs to finish a sign-in after its first step. */
export interface SignInChallenge {
  /** The client sends it back with the answer. It works once, until `expiresAt`. */
  token: string;
  /** The accepted kinds of answer: `totp`, `recovery_code` and others. More will come. */
  methods: string[];
  expiresAt: string;
}

/** The path to a field of an input, as property names and positions in lists. */
export type FieldPath = readonly (string | number)[];

/** The details of an error in addition to its code. */
export interface ErrorDetails {
  message?: string;
  errors?: FieldError[];
  /** The wrong field of the operation's input. The API turns it into a JSON Pointer. */
  field?: FieldPath;
  /** Several wrong fields, each with its own message. */
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

/** An error for the client. The API answers all other thrown values as `internal`. */
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

/** The explanation of an error on the page about its code. */
export interface Explanation {
  /** When the API answers this code, in Markdown sentences. */
  readonly cause: string;
  /** What the client can do about it. */
  readonly remedy: string;
}

interface ErrorDefinition extends Explanation {
  readonly kind: ErrorKind;
  /** The message for clients, unless the code that throws gives a more specific one. */
  readonly message: string;
}

const definitions = new Map<string, ErrorDefinition>();

/** All declared errors by code. */
export const errorDefinitions: ReadonlyMap<string, ErrorDefinition> = definitions;

/** Defines the error for an object that does not exist or is invisible to the caller. */
export const notFound = (name: string): ErrorDefinition => ({
  kind: 'not_found',
  message: `There is no such ${name}.`,
  cause: `There is no ${name} with this id that you may see. It may have been deleted, or belong to another organization.`,
  remedy: `Check the id, and the organization in which the request acts. The list shows every ${name} that you may see.`,
});

/** Defines the error for restoring an object that is not in the trash. */
export const notInTrash = (name: string): ErrorDefinition => ({
  kind: 'conflict',
  message: `This ${name} is not in the trash.`,
  cause: `Only what is in the trash can be restored. This ${name} was not deleted, or was restored already.`,
  remedy: `Nothing needs to be done: this ${name} can be used.`,
});

/**
 * Declares the errors of a room once, next to the code that throws them.
 *
 * @example
 * export const taskErrors = defineErrors({ task_not_found: notFound('task') });
 * throw taskErrors.task_not_found();
 */
export function defineErrors<Code extends string>(
  declared: Record<Code, ErrorDefinition>,
): Record<Code, (details?: ErrorDetails) => DomainError> {
  const codes = Object.keys(declared) as Code[];
  const entries = codes.map((code) => {
    const { kind, message } = declared[code];
    definitions.set(code, declared[code]);
    return [code, (details?: ErrorDetails) => new DomainError(code, kind, message, details)] as const;
  });
  return Object.fromEntries(entries) as Record<Code, (details?: ErrorDetails) => DomainError>;
}

/** The errors that any room may throw. */
export const errors = defineErrors({
  unauthenticated: {
    kind: 'unauthenticated',
    message: 'Sign in first: the access token is missing, expired or not valid.',
    cause: 'The request has no credential, or its access token or API key is wrong, has expired, or was revoked.',
    remedy:
      'Send `Authorization: Bearer <access token>` or `X-API-Key: <key>`. Get a new access token with `POST /api/v1/auth/refresh`, or sign in again.',
  },
  permission_denied: {
    kind: 'forbidden',
    message: 'Your roles do not allow this.',
    cause:
      'None of your roles gives the permission that the operation needs, or the role that gives it does not apply to this object or at this time. `permission` names what is missing, and `constraint` says why a role refused.',
    remedy:
      'Ask an administrator of the organization for one of the roles in `grantedBy`. An API key needs the permission among its scopes too.',
  },
  validation_failed: {
    kind: 'validation',
    message: 'The request has wrong or missing fields.',
    cause:
      'Fields of the request are missing, unknown or not valid. `errors` has an entry for each of them, with a JSON Pointer in `path`.',
    remedy: 'Correct the fields that `errors` names, and send the request again.',
  },
  version_conflict: {
    kind: 'precondition_failed',
    message: 'It has changed since you read it. Read it again and retry.',
    cause: '`If-Match` names a version that the object no longer has: somebody has changed it since you read it.',
    remedy: 'Read the object again, apply your change to what it is now, and send the new `ETag` in `If-Match`.',
  },
  precondition_failed: {
    kind: 'precondition_failed',
    message: 'It has a version that If-None-Match names.',
    cause: '`If-None-Match` names the version that the object has, or is `*` and the object exists.',
    remedy: 'Leave out `If-None-Match`, unless the change must happen only when the object has no such version.',
  },
  idempotency_key_reused: {
    kind: 'unprocessable',
    message: 'This Idempotency-Key was used with another input.',
    cause:
      'A request with this `Idempotency-Key` was sent within the last 24 hours, with another input or another `If-Match`.',
    remedy: 'Use a new key for every new request. Use the same key only to repeat the same request.',
  },
  idempotency_in_progress: {
    kind: 'conflict',
    message: 'A request with this Idempotency-Key is still running.',
    cause: 'Another request with this `Idempotency-Key` has not been answered yet.',
    remedy:
      'Wait as long as `Retry-After` says, and repeat the request with the same key. It gets the answer of the first one.',
  },
  idempotency_secret_already_shown: {
    kind: 'conflict',
    message: 'The first answer to this Idempotency-Key contained a secret, which is shown only once.',
    cause:
      'The request was repeated with its `Idempotency-Key`, and the first answer contained a secret. A secret is shown once and not stored.',
    remedy:
      'Use the secret of the first answer. If it is lost, delete what was created and create it again with a new key.',
  },
  limit_exceeded: {
    kind: 'limit_exceeded',
    message: 'The tier of the organization allows no more.',
    cause: 'The organization has reached a limit of its tier. `limit` names it, and `max` is its value.',
    remedy: 'Delete what is no longer needed, or ask an administrator of the installation for another tier.',
  },
  rate_limited: {
    kind: 'rate_limited',
    message: 'Too many attempts. Try again later: Retry-After says when.',
    cause: 'There were too many attempts within a short time, by this account or from this network address.',
    remedy: 'Wait as many seconds as `Retry-After` says. Clients that retry should wait longer after each attempt.',
  },
  database_busy: {
    kind: 'unavailable',
    message: 'The database is busy. Try again in a moment.',
    cause:
      'The database has too much to do, and the request waited too long for its turn or for a row. Nothing was changed.',
    remedy: 'Wait as long as `Retry-After` says, and send the request again. Send an `Idempotency-Key` with changes.',
  },
  database_unavailable: {
    kind: 'unavailable',
    message: 'The database cannot be reached. Try again in a moment.',
    cause: 'The server has no connection to its database.',
    remedy: 'Send the request again later. Operators see the state of the database at `GET /health/db`.',
  },
  storage_full: {
    kind: 'unavailable',
    message: 'The disk is full, so nothing can be written. Reading still works. Try again later.',
    cause: 'The disk of the server is full. Nothing was changed, and reading still works.',
    remedy: 'Send the request again later. Operators must make room on the disk of the database or of the files.',
  },
  internal: {
    kind: 'internal',
    message: 'Something went wrong on our side.',
    cause: 'The server made a mistake. The request may be correct.',
    remedy:
      'Send the request again later. If it fails again, report it with the `requestId`, which names the request in the logs of the server.',
  },
});
