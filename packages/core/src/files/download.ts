import type { Readable } from 'node:stream';
import { attachmentDisposition } from './file-name.ts';
import type { FileContent, FileStore } from './file-store.ts';
import { sentMediaType } from './media-type.ts';
import type { ReceivedFile } from './receive.ts';

/** Content that is generated while it is sent, so its size is not known before. */
export interface GeneratedDownload {
  readonly mediaType: string;
  /** The value of Content-Disposition. */
  readonly disposition: string;
  read(): Readable;
}

/** A file of the store that is about to be sent. */
export interface FileDownload {
  readonly mediaType: string;
  /** The value of Content-Disposition. */
  readonly disposition: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly content: FileContent;
}

export type Download = FileDownload | GeneratedDownload;

/** Opens a file of the store for a download that the client saves. */
export async function openDownload(
  store: FileStore,
  key: string,
  { fileName, mediaType: type, size, sha256 }: ReceivedFile,
): Promise<FileDownload> {
  const mediaType = sentMediaType(type);
  const disposition = attachmentDisposition(fileName);
  return { mediaType, disposition, size, sha256, content: await store.contentOf(key, { mediaType, disposition }) };
}
