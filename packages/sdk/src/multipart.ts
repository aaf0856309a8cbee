import type { UploadOptions } from './options.ts';
import type { Arriving } from './responses.ts';
import { randomKey } from './runtime.ts';

/** What a file may come from. A blob can be read again, so that a lost upload is repeated; the others cannot. */
export type FileSource = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** An upload before its types. */
export type Upload = (
  target: string | object,
  file: FileSource,
  options?: UploadOptions & Arriving,
) => Promise<unknown>;

export const isRepeatable = (file: FileSource): file is Blob => file instanceof Blob;

/** The body of a request, with what `fetch` needs to know about it. */
interface MultipartBody {
  /** Null when `fetch` writes the header itself. */
  type: string | null;
  body: NonNullable<RequestInit['body']>;
  duplex?: 'half';
}

interface Encoding extends UploadOptions {
  /** Whether the body is sent while it is read. Browsers mostly cannot. */
  streamed: boolean;
  /** Ends the reading of the file. `fetch` itself would read on. */
  signal: AbortSignal;
}

const nameOf = (file: FileSource, { fileName }: UploadOptions): string =>
  fileName ?? ('name' in file && typeof file.name === 'string' ? file.name : 'file');

/** Reads a stream by its reader, because not every browser can iterate one. */
async function* chunksOf(file: FileSource): AsyncGenerator<Uint8Array, void> {
  const source = file instanceof Blob ? file.stream() : file;
  if (!('getReader' in source)) {
    yield* source;
    return;
  }
  const reader = source.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Whoever stops early frees the source too.
    await reader.cancel().catch(() => {});
  }
}

const streamOf = (chunks: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });

const blobOf = async (file: FileSource): Promise<Blob> =>
  file instanceof Blob ? file : new Response(streamOf(chunksOf(file))).blob();

/** The characters that would end the name in the header of a part. */
const escaped = (name: string): string => name.replaceAll(/["\r\n]/g, (one) => encodeURIComponent(one));

async function* encode(file: FileSource, boundary: string, options: Encoding): AsyncGenerator<Uint8Array, void> {
  const text = new TextEncoder();
  const type = options.mediaType ?? (file instanceof Blob ? file.type : '');
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="file"; filename="${escaped(nameOf(file, options))}"`,
    `Content-Type: ${type === '' ? 'application/octet-stream' : type}`,
  ];
  yield text.encode(`${head.join('\r\n')}\r\n\r\n`);
  const total = file instanceof Blob ? file.size : null;
  let sent = 0;
  for await (const chunk of chunksOf(file)) {
    yield chunk;
    sent += chunk.length;
    options.onProgress?.({ sent, total });
    options.signal.throwIfAborted();
  }
  yield text.encode(`\r\n--${boundary}--\r\n`);
}

/** The form with a file that `fetch` or a browser encodes. */
export async function formOf(file: FileSource, options: UploadOptions): Promise<FormData> {
  const blob = await blobOf(file);
  const form = new FormData();
  form.append(
    'file',
    options.mediaType === undefined ? blob : new Blob([blob], { type: options.mediaType }),
    nameOf(file, options),
  );
  return form;
}

export async function bodyOf(file: FileSource, options: Encoding): Promise<MultipartBody> {
  const isWatched = options.onProgress !== undefined;
  if (!options.streamed || (file instanceof Blob && !isWatched))
    return { type: null, body: await formOf(file, options) };
  const boundary = `tenon-${randomKey()}`;
  const body = streamOf(encode(file, boundary, options));
  return { type: `multipart/form-data; boundary=${boundary}`, body, duplex: 'half' };
}
