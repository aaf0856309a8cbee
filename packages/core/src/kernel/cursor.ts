import { createHmac, timingSafeEqual } from 'node:crypto';
import { fromBase64url } from './base64url.ts';
import { errors } from './errors.ts';

/** The sort key of the last row of a page, as the database returned it. The next page starts after it. */
export type CursorKey = readonly (string | number | null)[];

const macLength = 16;

const mac = (secret: string, list: string, body: Buffer): Buffer =>
  createHmac('sha256', secret).update(`cursor\0${list}\0`).update(body).digest().subarray(0, macLength);

/**
 * Makes an opaque cursor. Its signature covers the name and the order of the list, so another list refuses it instead of silently skipping
 * rows. Because of the signature, its values need no validation.
 */
export function encodeCursor(secret: string, list: string, key: CursorKey): string {
  const body = Buffer.from(JSON.stringify(key));
  return Buffer.concat([mac(secret, list, body), body]).toString('base64url');
}

/** Reads a cursor. @throws `validation_failed` at `cursor` when it does not belong to this list in this order */
export function decodeCursor(secret: string, list: string, cursor: string): CursorKey {
  const bytes = fromBase64url(cursor) ?? Buffer.alloc(0);
  const body = bytes.subarray(macLength);
  const genuine = bytes.length > macLength && timingSafeEqual(bytes.subarray(0, macLength), mac(secret, list, body));
  if (!genuine)
    throw errors.validation_failed({
      field: ['cursor'],
      message: 'This cursor belongs to another list or sort order.',
    });
  return JSON.parse(body.toString('utf8')) as CursorKey;
}
