import { isUuid } from '../kernel/ids.ts';
import { TypedValue, type ValueType } from './typed-value.ts';

const digits = new Uint8Array(128);
for (const digit of '0123456789abcdef') digits[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

const byteAt = (id: string, at: number): number =>
  ((digits[id.charCodeAt(at)] ?? 0) << 4) | (digits[id.charCodeAt(at + 1)] ?? 0);

/** Where the two digits of each byte begin in the text. */
const positions = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

function requireUuid(value: unknown): string {
  if (typeof value !== 'string' || !isUuid(value))
    throw new Error('A value that is no UUID is bound to a column of ids.');
  return value;
}

/**
 * The 16 bytes of an id, as SQLite stores it.
 * @throws when it is no UUID in canonical lower case
 */
export function bytesOfId(value: unknown): Buffer {
  const id = requireUuid(value);
  const bytes = Buffer.allocUnsafe(positions.length);
  for (const [index, at] of positions.entries()) bytes[index] = byteAt(id, at);
  return bytes;
}

/** An id from its 32 hexadecimal digits, which `hex()` writes in upper case. */
export function idOfHex(hex: string): string {
  const text = hex.toLowerCase();
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** Text that looks like an id would equal no id, silently, and `not in` would let all rows through. */
function refuseId(text: string): string {
  if (text.length === 36 && isUuid(text)) throw new Error('An id is bound as text: bind it with its column, or asId.');
  return text;
}

/** What reads a value of a bound list, from `json_each`. */
export const listedValue: Record<ValueType, string> = { id: `unhex(value, '-')`, text: 'value' };

function encodeTyped({ type, value }: TypedValue): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return JSON.stringify(type === 'id' ? value.map(requireUuid) : value);
  if (type === 'id') return bytesOfId(value);
  return typeof value === 'string' ? value : encode(value);
}

/**
 * Encodes a parameter: dates are milliseconds, booleans 0 and 1, ids blobs, arrays JSON for `json_each`.
 * @throws when an id was not bound as one
 */
export function encode(value: unknown): unknown {
  if (typeof value === 'string') return refuseId(value);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'object') return value === undefined ? null : value;
  if (value instanceof TypedValue) return encodeTyped(value);
  if (value instanceof Date) return value.getTime();
  if (!Array.isArray(value)) return value;
  for (const item of value) if (typeof item === 'string') refuseId(item);
  return JSON.stringify(value);
}

/** Ends the name of a selected column that is the `hex()` of an id: reading a text takes a third of the time of reading a blob. */
export const hexMark = ':hex';

/** The id of a blob. Other values stay as they are: every blob is an id. */
export const idOfBlob = (value: unknown): unknown => (value instanceof Buffer ? idOfHex(value.toString('hex')) : value);

type Decode = (value: unknown) => unknown;

const decodeHex: Decode = (value) => (typeof value === 'string' && value !== '' ? idOfHex(value) : null);

/** How the values of a selected column are read; undefined when they need no decoding. */
export function decoderOf(name: string, declaredType: string | null): Decode | undefined {
  if (name.endsWith(hexMark)) return decodeHex;
  // Expressions have no declared type.
  return declaredType === null || declaredType.toLowerCase() === 'blob' ? idOfBlob : undefined;
}
