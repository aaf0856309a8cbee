import { isUuid } from '../kernel/ids.ts';
import { Memo } from '../kernel/memo.ts';
import { TypedValue, type ValueType } from './typed-value.ts';

function makeBytes(id: unknown): Buffer {
  if (typeof id !== 'string' || !isUuid(id)) throw new Error('A value that is no UUID is bound to a column of ids.');
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function makeId(hex: string): string {
  const text = hex.toLowerCase();
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** How many ids are kept in each of the two forms. One takes about 100 bytes. */
const mostKept = 10_000;

/*
 * Why they are kept: the ids of people, teams and tags come again and again, and a new id comes several times in one mutation. Also, a
 * text that was made before is compared and looked up faster than a new one.
 */
const keptBytes = new Memo<unknown, Buffer>(mostKept);
const keptIds = new Memo<string, string>(mostKept);

/**
 * Returns the 16 bytes of an id, as SQLite stores it. Callers share them and must not change them.
 * @throws when it is no UUID in canonical lower case
 */
export const bytesOfId = (id: unknown): Buffer => keptBytes.get(id, () => makeBytes(id));

/** Returns an id from its 32 hexadecimal digits, which `hex()` writes in upper case. */
export const idOfHex = (hex: string): string => keptIds.get(hex, () => makeId(hex));

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
