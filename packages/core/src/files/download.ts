import { attachmentDisposition } from './file-name.ts';
import type { FileContent, FileStore } from './file-store.ts';
import { sentMediaType } from './media-type.ts';
import type { ReceivedFile } from './receive.ts';

/** A file that is about to be sent. */
export interface Download {
  readonly mediaType: string;
  /** The value of Content-Disposition. */
  readonly disposition: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly content: FileContent;
}

/** Opens a file of the store, to be saved by whoever gets it. */
export async function openDownload(
  store: FileStore,
  key: string,
  { fileName, mediaType: type, size, sha256 }: ReceivedFile,
): Promise<Download> {
  const mediaType = sentMediaType(type);
  const disposition = attachmentDisposition(fileName);
  return { mediaType, disposition, size, sha256, content: await store.contentOf(key, { mediaType, disposition }) };
}
