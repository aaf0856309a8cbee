import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { FieldError, IncomingFile, SentFile } from '@tenon/core';
import type { FastifyRequest } from 'fastify';
import { invalid, malformedBody, transportErrors, wrongField } from '../errors.ts';
import { pointer } from '../pointer.ts';
import { filePart } from './file-part.ts';

/** A client that sends less than this in one window is cut off, so that nobody can keep many connections busy for nothing. */
const windowMs = 30_000;
const leastBytes = 32 * 1024;

/** How long the rest of a body that was refused is read, so that the client gets to read the answer. */
const lingerMs = 10_000;

/** The connections on which a file is arriving. */
const receiving = new WeakSet<object>();

/** Whether a file is arriving on a connection. It may take longer than any other body: this module watches it. */
export const isReceivingFile = (socket: Socket): boolean => receiving.has(socket);

/** The error of a client that has gone. Nobody reads the answer. */
const gone = () => malformedBody('It ended before its last boundary.');

/** The file in the multipart body of a request. */
export class MultipartFile implements IncomingFile {
  readonly #request: FastifyRequest;

  constructor(request: FastifyRequest) {
    this.#request = request;
  }

  get bodyBytes(): number | null {
    const length = this.#request.headers['content-length'];
    return length === undefined ? null : Number(length);
  }

  async receive<T>(use: (file: SentFile) => Promise<T>): Promise<T> {
    const { raw, headers } = this.#request;
    const type = headers['content-type'] ?? '';
    if (!/^multipart\/form-data\b/i.test(type)) throw missingFile();
    if (!/;\s*boundary="?[^"\s;]/i.test(type)) throw malformedBody('Content-Type names no boundary.');
    const { parserOf } = await import('./multipart.ts');
    if (raw.destroyed) throw gone();
    let used: Promise<T> | undefined;
    let content: Readable | undefined;
    const { promise: parsed, resolve, reject } = Promise.withResolvers<void>();
    const wrong: FieldError[] = [];
    const fail = (thrown: Error): void => {
      content?.destroy(thrown);
      reject(thrown);
    };
    const form = parserOf(type);
    form.on('field', (name) =>
      wrong.push(wrongField(pointer('body', [name]), 'There is no such field.', 'unrecognized_keys')),
    );
    form.on('filesLimit', () => wrong.push(wrongField(pointer('body', [filePart]), 'Send one file.')));
    form.on('file', (_name, stream, name, _encoding, mediaType) => {
      // A stream of the parser throws when nobody listens to its errors.
      content = stream.on('error', () => {});
      if (wrong.length > 0) return void stream.resume();
      used = use({ name: name ?? '', mediaType: /^text\/plain$/i.test(mediaType) ? '' : mediaType, content: stream });
      // `receive` waits for it below.
      used.catch(fail);
    });
    form.on('finish', resolve);
    form.on('error', () => fail(malformedBody('It is not valid multipart/form-data.')));
    const end = this.#watch(fail);
    raw.pipe(form);
    try {
      await parsed;
      end();
      if (wrong.length > 0) throw invalid(...wrong);
      if (!used) throw missingFile();
      return await used;
    } catch (thrown) {
      await used?.catch(() => {});
      raw.unpipe(form);
      form.destroy();
      this.#linger();
      throw thrown;
    } finally {
      end();
    }
  }

  /** Watches that the body goes on arriving. */
  #watch(fail: (thrown: Error) => void): () => void {
    const { raw } = this.#request;
    let bytes = 0;
    let before = 0;
    const count = (chunk: Buffer) => void (bytes += chunk.length);
    const close = () => raw.readableEnded || fail(gone());
    const timer = setInterval(() => {
      // While the store takes nothing more, it is not the client that is slow.
      if (!raw.isPaused() && bytes - before < leastBytes) fail(transportErrors.request_timeout());
      before = bytes;
    }, windowMs);
    receiving.add(raw.socket);
    raw.on('data', count).on('close', close);
    return () => {
      clearInterval(timer);
      receiving.delete(raw.socket);
      raw.off('data', count).off('close', close);
    };
  }

  /** Reads on for a while without keeping anything. Closing at once could keep the answer from the client. */
  #linger(): void {
    const { raw } = this.#request;
    if (raw.readableEnded) return;
    raw.resume();
    const timer = setTimeout(() => raw.socket.destroy(), lingerMs).unref();
    raw.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
  }
}

const missingFile = () =>
  invalid(wrongField(pointer('body', [filePart]), 'Send the file as this part.', 'invalid_type'));
