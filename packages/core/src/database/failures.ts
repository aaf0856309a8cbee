import { type DomainError, errors, type ErrorDetails } from '../kernel/errors.ts';
import { StartError } from '../kernel/start.ts';

const codeOf = (error: unknown): string => {
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
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08006',
  '08001',
  '08003',
]);

/** Whether the database is away rather than the statement wrong. */
const isUnreachable = (error: unknown): boolean =>
  unreachable.has(codeOf(error)) ||
  (error instanceof Error &&
    /timeout exceeded when trying to connect|Connection terminated|not queryable/i.test(error.message));

const full = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT', '53100']);

/** Whether the disk of the database has no room for what was written. */
export const isFull = (error: unknown): boolean => full.has(codeOf(error));

/** The error to answer with: what a client can wait out becomes 503 with Retry-After, everything else stays what it is. */
export function translateFailure(error: unknown): unknown {
  if (isFull(error)) return errors.storage_full({ retryAfter: 30, cause: error });
  if (isBusy(error) || isLockTimeout(error) || isCancelled(error) || isLost(error))
    return errors.database_busy({ retryAfter: 1, cause: error });
  if (isUnreachable(error)) return errors.database_unavailable({ retryAfter: 2, cause: error });
  return error;
}

const notMigrated = 'The database is not migrated: run "tenon migrate".';

/** What an operator can do about the codes of SQLite, by their beginnings. `{file}` is the path of the file. */
const sqliteSentences: readonly (readonly [string, string])[] = [
  ['SQLITE_NOTADB', 'The database file {file} is damaged or is no SQLite database: restore it from a backup.'],
  ['SQLITE_CORRUPT', 'The database file {file} is damaged or is no SQLite database: restore it from a backup.'],
  ['SQLITE_READONLY', 'The database file {file} is read-only: let this user write to it and to its folder.'],
  ['SQLITE_PERM', 'The database file {file} is read-only: let this user write to it and to its folder.'],
  ['SQLITE_CANTOPEN', 'The database file {file} cannot be opened: let this user read and write it and its folder.'],
  ['SQLITE_BUSY', 'The database file {file} is locked by another process: stop that process, or try again later.'],
  ['SQLITE_FULL', 'The disk of the database file {file} is full: free some space, then start again.'],
  ['SQLITE_IOERR', 'The disk of the database file {file} cannot be read or written: check the disk.'],
  ['SQLITE_ERROR', notMigrated],
];

/** The same for PostgreSQL and the network. `{host}` is the host and port of the URL. */
const postgresSentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'No database answers at {host}: start it, or correct DATABASE_URL.',
  ECONNRESET: 'The database at {host} closes the connection: look into its log.',
  ENOTFOUND: 'There is no host of the name in {host}: correct DATABASE_URL.',
  EAI_AGAIN: 'The name in {host} cannot be resolved: correct DATABASE_URL, or check the network.',
  EHOSTUNREACH: 'The database at {host} cannot be reached: check the network.',
  ENETUNREACH: 'The database at {host} cannot be reached: check the network.',
  ETIMEDOUT: 'The database at {host} does not answer: check the network.',
  '22023': notMigrated,
  '28000': 'The database at {host} rejects the user of its URL.',
  '28P01': 'The database at {host} rejects the user or the password of its URL.',
  '3D000': 'The database that the URL names does not exist at {host}: create it first.',
  '42501':
    'The login at {host} is not allowed to do that: run "tenon migrate" with the owner in DATABASE_MIGRATION_URL.',
  '42703': notMigrated,
  '42P01': notMigrated,
  '53100': 'The disk of the database at {host} is full: free some space, then start again.',
  '53300': 'The database at {host} has no connection left: allow more, or set up fewer servers.',
  '57P03': 'The database at {host} is starting or stopping: try again in a moment.',
};

function sentenceOf(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code.startsWith('SQLITE_'))
    return sqliteSentences.find(([start]) => code.startsWith(start))?.[1] ?? `The database file {file} fails: ${code}.`;
  if (Object.hasOwn(postgresSentences, code)) return postgresSentences[code];
  if (error instanceof Error && /does not support SSL/i.test(error.message))
    return 'The database at {host} does not offer TLS, which the sslmode of its URL asks for.';
  if (/CERT|TLS|SSL/.test(code)) return `The TLS certificate of the database at {host} is not accepted: ${code}.`;
  if (isFull(error)) return 'The disk is full: free some space, then start again.';
  if (isUnreachable(error) || (error instanceof Error && /^timeout expired$/.test(error.message)))
    return 'The database at {host} does not answer: check the network.';
  return undefined;
}

/** The error to stop a command with: one sentence for the operator where the database is the reason, every other error as it is. */
export function toStartError(error: unknown, url: string): unknown {
  if (error instanceof StartError) return error;
  const sentence = sentenceOf(error);
  if (sentence === undefined) return error;
  // Never the whole URL: it contains the password.
  const host = URL.parse(url)?.host ?? '';
  return new StartError(sentence.replace('{file}', url.replace(/^\w+:(\/\/)?/, '')).replace('{host}', host), error);
}
