import { isUuid } from '../kernel/ids.ts';
import { TypedValue, type ValueType } from './typed-value.ts';

/*
 * Each id of each row passes here, so both directions use plain arithmetic: 0.1 µs for an id. `Buffer.from(text, 'hex')` takes 0.7 µs. A
 * cache of ids takes 0.15 µs while it is small, and 1 µs for ids that have left the caches of the processor.
 */

/** By character code: the value of a hexadecimal digit in lower case. -1 for every other character. */
const digits = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) digits[value.toString(16).charCodeAt(0)] = value;

const digitAt = (text: string, at: number): number => digits[text.charCodeAt(at)] ?? -1;

const hyphen = 45;
const hyphenPlaces = [8, 13, 18, 23];
const bytePlaces = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/**
 * Returns the 16 bytes of an id, as SQLite stores it.
 * @throws when it is no UUID in canonical lower case
 */
export function bytesOfId(id: unknown): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  if (typeof id === 'string' && id.length === 36) {
    // Negative as soon as one digit is wrong.
    let all = 0;
    for (let at = 0; at < 16; at++) {
      const place = bytePlaces[at] ?? 0;
      const high = digitAt(id, place);
      const low = digitAt(id, place + 1);
      all |= high | low;
      bytes[at] = (high << 4) | low;
    }
    if (all >= 0 && hyphenPlaces.every((place) => id.charCodeAt(place) === hyphen)) return bytes;
  }
  throw new Error('A value that is no UUID is bound to a column of ids.');
}

/** Returns an id from its 32 hexadecimal digits, which `hex()` writes in upper case. */
export function idOfHex(hex: string): string {
  // This bit makes a letter lower case. Digits have it already.
  const code = (at: number): number => hex.charCodeAt(at) | 0x20;
  // One call with all codes, because a text that is made of parts takes twice the time when it is used.
  // prettier-ignore
  return String.fromCharCode(
    code(0), code(1), code(2), code(3), code(4), code(5), code(6), code(7), hyphen,
    code(8), code(9), code(10), code(11), hyphen,
    code(12), code(13), code(14), code(15), hyphen,
    code(16), code(17), code(18), code(19), hyphen,
    code(20), code(21), code(22), code(23), code(24), code(25),
    code(26), code(27), code(28), code(29), code(30), code(31),
  );
}

/** Refuses a text that looks like an id. It would never equal an id, without an error, and `not in` would let all rows through. */
function refuseId(text: string): string {
  if (text.length === 36 && isUuid(text)) throw new Error('An id is bound as text: bind it with its column, or asId.');
  return text;
}

/** The SQL that reads a value of a bound list from `json_each`. */
export const listedValue: Record<ValueType, string> = { id: `unhex(value, '-')`, text: 'value' };

function encodeTyped({ type, value }: TypedValue): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return JSON.stringify(value);
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

/** Ends the name of a selected column that is the `hex()` of an id. Ids are selected so because reading a text takes a third of the time. */
export const hexMark = ':hex';

/** Returns the id of a blob. Every blob is an id. Other values are returned as they are. */
export const idOfBlob = (value: unknown): unknown => (value instanceof Buffer ? idOfHex(value.toString('hex')) : value);

type Decode = (value: unknown) => unknown;

const decodeHex: Decode = (value) => (typeof value === 'string' && value !== '' ? idOfHex(value) : null);

/** Returns how the values of a selected column are decoded. Undefined when they need no decoding. */
export function decoderOf(name: string, declaredType: string | null): Decode | undefined {
  if (name.endsWith(hexMark)) return decodeHex;
  // Expressions have no declared type, and may be ids.
  return declaredType === null || declaredType.toLowerCase() === 'blob' ? idOfBlob : undefined;
}
