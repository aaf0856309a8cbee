import { createHash } from 'node:crypto';
import { errors } from '../kernel/errors.ts';
import type { FileStore } from './file-store.ts';
import { fileErrors } from './file.errors.ts';
import { safeFileName } from './file-name.ts';
import { headBytes, mediaTypeOf } from './media-type.ts';

/** A file as a client sends it. */
export interface SentFile {
  readonly name: string;
  /** The type that the client declares; '' for none. */
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** A file in the body of a request that has not been read yet. */
export interface IncomingFile {
  /** The length of the whole body in bytes, if the client sent it. */
  readonly bodyBytes: number | null;
  /**
   * Reads the body. It succeeds when `use` has read the file to its end, and the body contains nothing else.
   * @throws `validation_failed`, and what `use` throws
   */
  receive<T>(use: (file: SentFile) => Promise<T>): Promise<T>;
}

/** The metadata of a received file. */
export interface ReceivedFile {
  /** Safe on every system. */
  readonly fileName: string;
  /** Detected from its content. */
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  /** In hex. */
  readonly sha256: string;
}

interface Receiving {
  /** Where to store it. Null for a dry run, which stores nothing. */
  store: FileStore | null;
  key: string;
  maxBytes: number;
  /** Throws when files of this type are not accepted. @default accepts all types */
  checkType?: (mediaType: string) => void;
}

/** How much a body may contain beside its file: the lines of the form around it. */
const framing = 16 * 1024;

/** Counts and hashes content as it passes through. */
class MeasuredContent {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #hash = createHash('sha256');
  readonly #maxBytes: number;
  size = 0;

  constructor(content: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#chunks = content[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
  }

  async #next(): Promise<Uint8Array | null> {
    const next = await this.#chunks.next();
    if (next.done === true) return null;
    const { value } = next;
    this.size += value.length;
    if (this.size > this.#maxBytes) throw fileErrors.payload_too_large({ max: this.#maxBytes });
    this.#hash.update(value);
    return value;
  }

  /** Reads the beginning of the content, from which the type is detected. */
  async head(): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    while (this.size < headBytes) {
      const chunk = await this.#next();
      if (!chunk) break;
      chunks.push(chunk);
    }
    return chunks;
  }

  async *from(head: readonly Uint8Array[], failed: (thrown: unknown) => void): AsyncGenerator<Uint8Array> {
    yield* head;
    try {
      for (let chunk = await this.#next(); chunk; chunk = await this.#next()) yield chunk;
    } catch (thrown) {
      failed(thrown);
      throw thrown;
    }
  }

  get sha256(): string {
    return this.#hash.digest('hex');
  }
}

/** Whether the disk of the store is full. */
function isFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return ('code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')) || isFull(thrown.cause);
}

/**
 * Streams a file into the store as it arrives. When anything fails, the store keeps nothing of it.
 * @throws `payload_too_large`, `media_type_refused`, `validation_failed`, `storage_full`
 */
export async function receiveFile(
  incoming: IncomingFile,
  { store, key, maxBytes, checkType }: Receiving,
): Promise<ReceivedFile> {
  if ((incoming.bodyBytes ?? 0) > maxBytes + framing) throw fileErrors.payload_too_large({ max: maxBytes });
  let isStored = false;
  const use = async ({ name, mediaType: declared, content }: SentFile): Promise<ReceivedFile> => {
    const fileName = safeFileName(name);
    const measured = new MeasuredContent(content, maxBytes);
    const head = await measured.head();
    const mediaType = await mediaTypeOf(Buffer.concat(head, Math.min(measured.size, headBytes)), {
      name: fileName,
      declared,
    });
    checkType?.(mediaType);
    // The store wraps errors that the content throws.
    let failure: { thrown: unknown } | undefined;
    const whole = measured.from(head, (thrown) => (failure = { thrown }));
    if (store) {
      await store.write(key, whole).catch((thrown: unknown) => {
        if (failure) throw failure.thrown;
        throw isFull(thrown) ? errors.storage_full({ cause: thrown }) : thrown;
      });
      isStored = true;
    } else for await (const _ of whole);
    return { fileName, mediaType, size: measured.size, sha256: measured.sha256 };
  };
  try {
    return await incoming.receive(use);
  } catch (thrown) {
    if (isStored) await store?.delete(key);
    throw thrown;
  }
}
