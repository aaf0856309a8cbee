import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { AwsS3StorageAdapter } from '@flystorage/aws-s3';
import { FileStorage, isFile } from '@flystorage/file-storage';
import type { S3Settings } from '../kernel/settings.ts';
import type { FileStore } from './file-store.ts';

/** How long a signed address of S3 works. A client follows it at once. */
const servedMs = 60_000;

/** One part of 8 MiB at a time, so that an upload needs little memory. S3 takes 10,000 parts: 80 GB. */
const uploadConfiguration = { partSize: 8 * 1024 * 1024, queueSize: 1 };

/** Stores files in a bucket of S3, or of a service that supports its protocol. */
export function openS3Store({ bucket, endpoint, region, credentials, pathStyle }: S3Settings): FileStore {
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    ...(endpoint !== null && { endpoint }),
    ...(credentials && { credentials }),
    // Services that only resemble S3 do not support the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const storage = new FileStorage(new AwsS3StorageAdapter(client, { bucket, uploadConfiguration }));
  return {
    // Give a media type, because the library would otherwise read the beginning of the file to find one.
    write: (key, content) =>
      storage.write(key, Readable.from(content, { objectMode: false }), { mimeType: 'application/octet-stream' }),
    async contentOf(key, { mediaType, disposition }) {
      const responseHeaders = { 'Content-Type': mediaType, 'Content-Disposition': disposition };
      return { location: await storage.temporaryUrl(key, { expiresAt: Date.now() + servedMs, responseHeaders }) };
    },
    delete: (key) => storage.deleteFile(key),
    async *list(folder) {
      for await (const entry of storage.list(folder, { deep: true })) if (isFile(entry)) yield entry.path;
    },
    async writtenAt(key) {
      if (!(await storage.fileExists(key))) return null;
      return new Date(await storage.lastModified(key));
    },
  };
}
