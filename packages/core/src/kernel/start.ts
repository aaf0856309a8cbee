import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What keeps the platform from starting: one sentence for the operator, which is printed without a stack. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EEXIST: 'it is not a folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOENT: 'nothing can be made there',
};

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** For `catch`: throws what the operator can do about a file or folder that cannot be written. */
export const cannotWrite =
  (path: string) =>
  (error: unknown): never => {
    const code = codeOf(error);
    throw code === '' ? error : new StartError(`Nothing can be written to ${path}: ${reasons[code] ?? code}.`, error);
  };

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Creates the folder and its parents. Below /proc the `recursive` of Node does not end. */
function makeWithParents(folder: string): void {
  if (isFolder(folder)) return;
  if (dirname(folder) !== folder) makeWithParents(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

/** Creates a folder and its parents, unless it is there. @throws StartError */
export function makeFolder(path: string): void {
  try {
    makeWithParents(resolve(path));
  } catch (error) {
    cannotWrite(path)(error);
  }
}
