import type { IncomingMessage } from 'node:http';
import type { DomainError } from '@tenon/core';
import { type ApiError, invalid, transportErrors, wrongField } from '../errors.ts';
import { pointer } from '../pointer.ts';

const wrongHeader = (name: string, message: string): DomainError =>
  invalid(wrongField(pointer('header', [name]), message));

/** Headers that may occur once. Node keeps the first of several, while a proxy in front of it may have acted on the last. */
const singular: ReadonlyMap<string, string> = new Map(
  ['Host', 'Authorization', 'Content-Type'].map((name) => [name.toLowerCase(), name]),
);

function repeatedHeader(rawHeaders: readonly string[]): string | null {
  const seen: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    // Their lengths. Comparing these first keeps the check cheap for every other header.
    if (name.length !== 4 && name.length !== 12 && name.length !== 13) continue;
    const known = singular.get(name.toLowerCase());
    if (known === undefined) continue;
    if (seen.includes(known)) return known;
    seen.push(known);
  }
  return null;
}

/**
 * What is wrong with a request as HTTP, whatever its path is. Null when nothing is. Node would answer some of this itself, without a
 * body.
 */
export function malformedRequest({ headers, rawHeaders, httpVersion }: IncomingMessage): ApiError | DomainError | null {
  if (headers.host === undefined && httpVersion !== '1.0') return wrongHeader('Host', 'HTTP/1.1 requires this header.');
  const repeated = repeatedHeader(rawHeaders);
  if (repeated !== null) return wrongHeader(repeated, 'Send this header once.');
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    return transportErrors.expectation_failed();
  return null;
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** US-ASCII is a part of UTF-8. */
const charsets = ['utf-8', 'utf8', 'us-ascii'];

const charsetsOf = (contentType: string): string[] =>
  Array.from(contentType.matchAll(/;\s*charset\s*=\s*"?([^\s;"]*)/gi), ([, name = '']) => name.toLowerCase());

/** Why a body cannot be read: it is compressed, or not in UTF-8. Null when it can, and when there is none. */
export function unreadableBody(request: IncomingMessage): ApiError | null {
  if (!hasBody(request)) return null;
  const { 'content-encoding': coding = 'identity', 'content-type': type = '' } = request.headers;
  const readable = coding.toLowerCase() === 'identity' && charsetsOf(type).every((name) => charsets.includes(name));
  return readable ? null : transportErrors.body_unreadable();
}
