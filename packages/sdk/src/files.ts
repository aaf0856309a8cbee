import type { AccessTokens } from './access-tokens.ts';
import { attempting } from './attempts.ts';
import type { Override } from './calls.ts';
import { answerOf, request, restHeaders } from './http.ts';
import { bodyOf, type FileSource, formOf, isRepeatable, type Upload } from './multipart.ts';
import type { DownloadOptions, UploadOptions } from './options.ts';
import { urlOf } from './redirects.ts';
import type { Arriving } from './responses.ts';
import { randomKey } from './runtime.ts';
import type { Settings } from './settings.ts';
import { hasUploadProgress, type Sent, sendWithProgress } from './xhr.ts';

/** The methods and paths of the uploads, below `/api/v1`. There is no router at run time: a test compares them with it. */
export const uploadRoutes = {
  'attachments.upload': 'POST /tasks/{taskId}/attachments',
  'attachments.uploadToComment': 'POST /tasks/{taskId}/comments/{commentId}/attachments',
  'attachments.uploadToProject': 'POST /projects/{projectId}/attachments',
  'organizations.setAvatar': 'PUT /organizations/{organizationId}/avatar',
  'users.setAvatar': 'PUT /users/me/avatar',
} as const;

/** The paths of the downloads in the same way. All are GET. */
export const downloadPaths = {
  'attachments.download': '/attachments/{id}/content',
  'attachments.downloadByLink': '/attachments/{id}/download',
  'audit.export': '/audit/export',
  'organizations.getAvatar': '/organizations/{organizationId}/avatar',
  'users.getAvatar': '/users/{userId}/avatar',
} as const;

/** A file that arrives. */
export interface DownloadedFile {
  /** The name of the file. It is safe on every system. */
  readonly fileName: string;
  /** The media type, by the content of the file. */
  readonly mediaType: string;
  /** Of the whole file, in bytes. Null when the storage does not say it. */
  readonly size: number | null;
  /** The part that arrives, in bytes, both ends included. Null for the whole file. */
  readonly range: {
    /** The first byte. */
    readonly start: number;
    /** The last byte. */
    readonly end: number;
  } | null;
  /** The bytes, once. `new Response(file.body)` reads them as a blob or as text. */
  readonly body: ReadableStream<Uint8Array>;
}

/** The name of the first parameter in a path. */
const parameterIn = (path: string): string => /\{(\w+)\}/.exec(path)?.[1] ?? '';

/** @returns the uploads by operationId */
export function uploadCalls(settings: Settings, tokens: AccessTokens): ReadonlyMap<string, Upload> {
  const sendFile = async (sent: Sent, file: FileSource, options: UploadOptions) => {
    const { method, url, headers, signal } = sent;
    const isBrowser = hasUploadProgress();
    if (isBrowser && options.onProgress)
      return sendWithProgress(settings.observer, sent, await formOf(file, options), options.onProgress);
    const { type, ...init } = await bodyOf(file, { ...options, streamed: !isBrowser, signal });
    if (type !== null) headers.set('content-type', type);
    return request(settings, url, { method, headers, signal, ...init });
  };

  const uploadTo =
    (operation: string, route: string): Upload =>
    (target, file, options: UploadOptions & Arriving = {}) => {
      const [method = '', path = ''] = route.split(' ');
      const url = `${settings.baseUrl}/api/v1${urlOf(path, typeof target === 'string' ? { [parameterIn(path)]: target } : target)}`;
      const key = options.idempotencyKey ?? randomKey();
      const send = async (token: string | null, signal: AbortSignal) => {
        const headers = restHeaders(settings, target, options, token);
        headers.set('accept', 'application/json');
        headers.set('idempotency-key', key);
        return answerOf(await sendFile({ method, url, headers, signal }, file, options), options.arrived);
      };
      const { timeoutMs = Infinity, signal } = options;
      return attempting(settings, tokens, { operation, isRepeatable: isRepeatable(file), timeoutMs, signal }, send);
    };
  return new Map(Object.entries(uploadRoutes).map(([name, route]) => [name, uploadTo(name, route)]));
}

/** The name in a Content-Disposition of our server. */
function nameIn(disposition: string): string {
  const [, encoded = ''] = /filename\*=UTF-8''([^;]+)/.exec(disposition) ?? [];
  return decodeURIComponent(encoded);
}

const numberIn = (text: string | null | undefined): number | null =>
  text === null || text === undefined || !/^\d+$/.test(text) ? null : Number(text);

function fileOf({ status, headers, body }: Response): DownloadedFile {
  const [, start, end, whole] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  return {
    fileName: nameIn(headers.get('content-disposition') ?? ''),
    mediaType: headers.get('content-type') ?? 'application/octet-stream',
    size: numberIn(status === 206 ? whole : headers.get('content-length')),
    range: status === 206 ? { start: Number(start), end: Number(end) } : null,
    body: body ?? new Response('').body ?? new ReadableStream(),
  };
}

/** @returns the downloads by operationId */
export function downloadCalls(settings: Settings, tokens: AccessTokens): ReadonlyMap<string, Override> {
  const downloadFrom =
    (operation: string, path: string): Override =>
    (input, options: DownloadOptions & Arriving = {}) => {
      const url = `${settings.baseUrl}/api/v1${urlOf(path, input)}`;
      const { range, timeoutMs, signal: caller } = options;
      const send = async (token: string | null, deadline: AbortSignal) => {
        // The deadline ends with the headers. The signal of the caller also stops the bytes after that.
        const signal = caller ? AbortSignal.any([deadline, caller]) : deadline;
        const headers = restHeaders(settings, input, options, token);
        if (range) headers.set('range', `bytes=${range.start}-${range.end ?? ''}`);
        const response = await request(settings, url, { headers, signal });
        if (!response.ok) return answerOf(response);
        options.arrived?.(response);
        return fileOf(response);
      };
      return attempting(settings, tokens, { operation, isRepeatable: true, timeoutMs, signal: caller }, send);
    };
  return new Map(Object.entries(downloadPaths).map(([name, path]) => [name, downloadFrom(name, path)]));
}
