import { Readable } from 'node:stream';
import type { ByteRange, Download } from '@tenon/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { transportErrors } from '../errors.ts';
import { hasEntityTag } from './etags.ts';

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

/** Sends a file, or a part of it, or the address at which the storage sends it. What is made while it is sent is sent whole. */
export function sendDownload(file: Download, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!('sha256' in file)) {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    reply.headers({ 'content-type': file.mediaType, 'content-disposition': file.disposition });
    return reply.send(request.method === 'HEAD' ? Readable.from([]) : file.read());
  }
  const { size, content, mediaType, disposition } = file;
  const etag = `"${file.sha256}"`;
  reply.headers({ etag, 'cache-control': 'private, no-cache', 'x-content-type-options': 'nosniff' });
  if (hasEntityTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  if ('location' in content)
    return reply.code(302).headers({ location: content.location, 'cache-control': 'no-store' }).send();
  reply.headers({ 'content-type': mediaType, 'content-disposition': disposition, 'accept-ranges': 'bytes' });
  // To a HEAD Fastify sends the length of a text, but leaves that of a stream, which it reads to its end.
  if (request.method === 'HEAD') return reply.header('content-length', size).send(Readable.from([]));
  const ifRange = request.headers['if-range'];
  const range = ifRange === undefined || ifRange === etag ? rangeOf(request.headers.range, size) : null;
  if (!range) return reply.header('content-length', size).send(content.read());
  const { start, end } = range;
  return reply
    .code(206)
    .headers({ 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1 })
    .send(content.read(range));
}
