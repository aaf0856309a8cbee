import type { Readable } from 'node:stream';

/** A part of a file, in bytes from its beginning. Both ends belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** How a file reaches the client: this process reads it, or the storage itself serves it for a short time. */
export type FileContent = { read(range?: ByteRange): Readable } | { location: string };

/** What the storage is told to send with a file that it serves itself. */
interface SentAs {
  readonly mediaType: string;
  /** The value of Content-Disposition. */
  readonly disposition: string;
}

/** The folder of files that are still being written. A crash leaves them there, and the sweep deletes them. */
export const unfinished = 'unfinished';

/** Where the bytes of files are. Keys are paths of ids that we made, so nobody chooses a part of them. */
export interface FileStore {
  /** Writes a file. Once the promise has resolved, the file is there and durable; when it rejects, nothing of it is there. */
  write(key: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  contentOf(key: string, sentAs: SentAs): Promise<FileContent>;
  /** Deletes a file. A file that does not exist is no error. */
  delete(key: string): Promise<void>;
  /** The keys of all files in a folder and below. A folder that does not exist has none. */
  list(folder: string): AsyncIterable<string>;
  /** When a file was written. Null when it does not exist. */
  writtenAt(key: string): Promise<Date | null>;
}
