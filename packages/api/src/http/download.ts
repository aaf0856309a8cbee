import { Readable } from 'node:stream';
import type { ByteRange, Download, FileDownload } from '@tenon/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DownloadPlan, RequestContext } from '../context.ts';
import { transportErrors } from '../errors.ts';
import { knownEntityTag } from './etags.ts';

/**
 * The part of a file that a Range header asks for. Null is the whole file: for no header, a malformed one, other units and several ranges,
 * which HTTP lets a server ignore.
 * @throws `range_not_satisfiable` when the file has nothing there
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(' ', '') ?? '');
  if (!match) return null;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && first !== '' && Number(last) < Number(first)) return null;
  if (start > end) throw transportErrors.range_not_satisfiable(size);
  return { start, end };
}

const etagOf = ({ sha256 }: FileDownload): string => `"${sha256}"`;

/**
 * Decides how a file is sent. What is made while it is sent is sent whole.
 * @throws `range_not_satisfiable`
 */
export function planDownload(
  file: Download,
  { method, headers }: Pick<RequestContext, 'method' | 'headers'>,
): DownloadPlan {
  if (!('sha256' in file)) return { status: 200, range: null };
  const etag = etagOf(file);
  if (knownEntityTag(headers['if-none-match'], etag) !== null) return { status: 304, range: null };
  if ('location' in file.content) return { status: 302, range: null };
  const ifRange = headers['if-range'];
  const isWhole = method === 'HEAD' || (ifRange !== undefined && ifRange !== etag);
  const range = isWhole ? null : rangeOf(headers.range, file.size);
  return { status: range ? 206 : 200, range };
}

/** Sends a file as planned. */
export function sendDownload(
  file: Download,
  { status, range }: DownloadPlan,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!('sha256' in file)) {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    reply.headers({ 'content-type': file.mediaType, 'content-disposition': file.disposition });
    return reply.send(request.method === 'HEAD' ? Readable.from([]) : file.read());
  }
  const { size, content, mediaType, disposition } = file;
  const headers = { etag: etagOf(file), 'cache-control': 'private, no-cache', 'x-content-type-options': 'nosniff' };
  reply.code(status).headers(headers);
  if (status === 304) return reply.send();
  if ('location' in content) return reply.headers({ location: content.location, 'cache-control': 'no-store' }).send();
  reply.headers({ 'content-type': mediaType, 'content-disposition': disposition, 'accept-ranges': 'bytes' });
  // To a HEAD Fastify sends the length of a text, but leaves that of a stream, which it reads to its end.
  if (request.method === 'HEAD') return reply.header('content-length', size).send(Readable.from([]));
  if (!range) return reply.header('content-length', size).send(content.read());
  const { start, end } = range;
  return reply
    .headers({ 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1 })
    .send(content.read(range));
}
