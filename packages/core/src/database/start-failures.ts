import { StartError } from '../kernel/start.ts';
import { codeOf, isFull, isUnreachable } from './failures.ts';

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
  const host = URL.parse(url)?.host || 'localhost';
  return new StartError(sentence.replace('{file}', url.replace(/^\w+:(\/\/)?/, '')).replace('{host}', host), error);
}
