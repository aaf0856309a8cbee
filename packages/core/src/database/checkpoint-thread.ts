import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/** What `Checkpoints` tells the thread. */
export interface CheckpointOrder {
  readonly file: string;
  readonly readerWaitMs: number;
}

/*
 * The thread of one checkpoint. It moves what is in the log, while others write. When it is told that nobody writes, it moves the rest and
 * lets the log start from its beginning. It exits with 1 when a reader that still uses the log keeps it from that.
 */
const { file, readerWaitMs }: CheckpointOrder = workerData;
const database = new Database(file, { timeout: readerWaitMs, fileMustExist: true });
database.pragma('wal_checkpoint(passive)');
parentPort?.once('message', () => {
  process.exitCode = Number(database.pragma('wal_checkpoint(restart)', { simple: true }));
  database.close();
});
parentPort?.postMessage('ready');
