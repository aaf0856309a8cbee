import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** An error that prevents the start: one sentence for the operator, which is printed without a stack. */
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

/** For `catch`: throws an error that tells the operator what to do about a file or folder that cannot be written. */
export const cannotWrite =
  (path: string) =>
  (error: unknown): never => {
    const code = codeOf(error);
    throw code === '' ? error : new StartError(`Nothing can be written to ${path}: ${reasons[code] ?? code}.`, error);
  };

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Creates the folder and its parents. Node's `recursive` does not end below /proc. */
function makeWithParents(folder: string): void {
  if (isFolder(folder)) return;
  if (dirname(folder) !== folder) makeWithParents(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

/** Creates a folder and its parents, unless it exists. @throws StartError */
export function makeFolder(path: string): void {
  try {
    makeWithParents(resolve(path));
  } catch (error) {
    cannotWrite(path)(error);
  }
}
