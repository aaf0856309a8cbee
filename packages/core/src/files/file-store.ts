import type { Readable } from 'node:stream';

/** A part of a file, in bytes from its beginning. Both ends are inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** How a file reaches the client: this process reads it, or the storage itself serves it for a short time. */
export type FileContent = { read(range?: ByteRange): Readable } | { location: string };

/** The headers that the storage sends with a file that it serves itself. */
interface SentAs {
  readonly mediaType: string;
  /** The value of Content-Disposition. */
  readonly disposition: string;
}

/** The folder of unfinished files. A crash leaves them there, and the sweep deletes them. */
export const unfinished = 'unfinished';

/** Stores the bytes of files. Keys are paths of ids that we generate, so clients cannot choose any part of them. */
export interface FileStore {
  /** Writes a file. When the promise resolves, the file is complete and durable. When it rejects, nothing of the file is left. */
  write(key: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  contentOf(key: string, sentAs: SentAs): Promise<FileContent>;
  /** Deletes a file. A missing file is not an error. */
  delete(key: string): Promise<void>;
  /** The keys of all files in and below a folder. A missing folder has none. */
  list(folder: string): AsyncIterable<string>;
  /** When a file was written. Null when it does not exist. */
  writtenAt(key: string): Promise<Date | null>;
}
