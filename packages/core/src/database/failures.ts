import { type DomainError, errors, type ErrorDetails } from '../kernel/errors.ts';

/** The code of an error or of its cause, as the driver or the system gives it. */
export const codeOf = (error: unknown): string => {
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'string') return code;
  }
  return '';
};

/** Whether a unique index refused the row. */
export const isUniqueViolation = (error: unknown): boolean => {
  const code = codeOf(error);
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
};

/** For `catch`: throws the given error in place of that of a unique index, and every other as it is. */
export const ifTaken =
  (error: (details: ErrorDetails) => DomainError) =>
  (cause: unknown): never => {
    throw isUniqueViolation(cause) ? error({ cause }) : cause;
  };

const noSuchTable = new Set(['42P01', '42501', 'SQLITE_ERROR']);

/** Whether a table is missing, or not yet granted to the role that asks. */
export const isMissingTable = (error: unknown): boolean => noSuchTable.has(codeOf(error));

/** Whether another process holds SQLite's write lock. */
export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY');

/** PostgreSQL's lock_timeout. */
export const isLockTimeout = (error: unknown): boolean => codeOf(error) === '55P03';

/** Whether the statement failed only because an earlier one of the transaction had failed. */
export const isAborted = (error: unknown): boolean => codeOf(error) === '25P02';

/** PostgreSQL cancelled the statement, because it ran longer than statement_timeout. */
const isCancelled = (error: unknown): boolean => codeOf(error) === '57014';

/** Two transactions that cannot both commit: a serialization failure or a deadlock. */
const isLost = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error));

/**
 * Whether a transaction should be tried again: it lost against another one, or it refers to a row that somebody deleted after it
 * had checked that row. The next try finds the row gone and says so.
 */
export const isConflict = (error: unknown): boolean => isLost(error) || codeOf(error) === '23503';

const unreachable = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  '25P03',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53300',
  '08006',
  '08001',
  '08003',
]);

/** The transaction ended before its work did, or could not commit. Nothing of it was written. */
export class TransactionLost extends Error {
  constructor(options?: ErrorOptions) {
    super('The transaction was lost.', options);
  }
}

/** Whether the error ends the whole transaction on SQLite. Its cause is the disk or the memory, and not the statement. */
export const endsTransaction = (error: unknown): boolean =>
  error instanceof TransactionLost || /^SQLITE_(FULL|IOERR|NOMEM|INTERRUPT|PROTOCOL)/.test(codeOf(error));

/** Whether the database is away rather than the statement wrong. */
export const isUnreachable = (error: unknown): boolean =>
  unreachable.has(codeOf(error)) ||
  (error instanceof Error && /Connection terminated|not queryable|Query read timeout/i.test(error.message));

/** Whether all connections of the pool are in use. */
const isExhausted = (error: unknown): boolean =>
  error instanceof Error && error.message === 'timeout exceeded when trying to connect';

const full = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT', '53100']);

/** Whether the disk of the database has no room for what was written. */
export const isFull = (error: unknown): boolean => full.has(codeOf(error));

/** The error to answer with: what a client can wait out becomes 503 with Retry-After, everything else stays what it is. */
export function translateFailure(error: unknown): unknown {
  if (isFull(error)) return errors.storage_full({ retryAfter: 30, cause: error });
  if ([isBusy, isLockTimeout, isCancelled, isLost, isExhausted].some((isWaiting) => isWaiting(error)))
    return errors.database_busy({ retryAfter: 1, cause: error });
  if (isUnreachable(error) || endsTransaction(error))
    return errors.database_unavailable({ retryAfter: 2, cause: error });
  return error;
}
