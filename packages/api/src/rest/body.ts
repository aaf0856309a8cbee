import { isUtf8 } from 'node:buffer';
import { duplicateMembers } from '../duplicates.ts';
import { ApiError, duplicated, invalid, malformedBody, wrongField } from '../errors.ts';
import type { OperationKind } from '../meta.ts';
import { pointer } from '../pointer.ts';
import { type FormText, parseForm } from './query.ts';

interface BodyFormat {
  /** The media types. The document lists the first, and the others for PATCH only. */
  readonly types: readonly string[];
  /** The largest size in bytes. @default the server's limit */
  readonly limit?: number;
  /** Whether the operation reads the body itself, as it arrives, and says how large it may be. @default false */
  readonly streamed?: boolean;
}

/** The bodies that each kind of operation takes. */
export const bodyFormats: Readonly<Record<OperationKind, BodyFormat>> = {
  json: { types: ['application/json', 'application/merge-patch+json'] },
  redirect: { types: [] },
  form: { types: ['application/x-www-form-urlencoded'], limit: 64 * 1024 },
  // RFC 8058 allows both. The body says nothing, and nobody reads it.
  click: { types: ['application/x-www-form-urlencoded', 'multipart/form-data'], limit: 64 * 1024 },
  upload: { types: ['multipart/form-data'], streamed: true },
  download: { types: [] },
  stream: { types: [] },
};

/** The error of a body in another media type than those that the operation takes. */
export const otherType = (types: readonly string[]): ApiError =>
  new ApiError('unsupported_media_type', 'unsupported_media_type', `Send the body as ${types.join(' or ')}.`);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw malformedBody('It is not UTF-8.');
  return body.toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformedBody('It is not valid JSON.');
  }
}

/**
 * Parses a JSON body. Operations call this instead of a content-type parser, because the caller is authenticated first.
 * @throws `validation_failed` at `/body`
 */
export function readJson(body: Buffer): Record<string, unknown> {
  const text = decode(body);
  const parsed = parseJson(text);
  const twice = duplicateMembers(text);
  if (twice.length > 0) throw duplicated(twice.map((names) => pointer('body', names)));
  if (!isObject(parsed)) throw invalid(wrongField('/body', 'Must be a JSON object.', 'invalid_type'));
  return parsed;
}

/**
 * Parses a form body.
 * @throws `validation_failed` at `/body`
 */
export const readForm = (body: Buffer): FormText => parseForm(decode(body));
