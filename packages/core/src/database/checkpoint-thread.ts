import { parentPort } from 'node:worker_threads';
import Database from 'better-sqlite3';

/*
 * The thread of one checkpoint, for `Checkpoints`. Its arguments are the file, and how many milliseconds it waits for readers. It first
 * moves what is in the log while others write. A message says that nobody writes: then it moves the rest and lets the log start from its
 * beginning. It exits with 1 when that was not possible, because a reader still uses the log or because the disk is full.
 */
const [file, readerWaitMs] = process.argv.slice(2);
const database = new Database(file, { timeout: Number(readerWaitMs), fileMustExist: true });

/** Returns whether the checkpoint is complete. */
function checkpoint(mode: 'passive' | 'restart'): boolean {
  try {
    return database.pragma(`wal_checkpoint(${mode})`, { simple: true }) === 0;
  } catch {
    return false;
  }
}

checkpoint('passive');
parentPort?.once('message', () => {
  process.exitCode = checkpoint('restart') ? 0 : 1;
  database.close();
});
parentPort?.postMessage('ready');
