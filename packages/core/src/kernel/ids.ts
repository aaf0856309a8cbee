import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(8192);
let offset = pool.length;

/** Takes random bytes from a pool, because small requests to the system are expensive. Use them at once: the pool overwrites them later. */
export function pooledRandomBytes(count: number): Buffer {
  if (offset + count > pool.length) {
    randomFillSync(pool);
    offset = 0;
  }
  offset += count;
  return pool.subarray(offset - count, offset);
}

let lastMillisecond = 0;
let counter = 0;

/**
 * Makes a UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then a 12-bit counter that keeps the ids of one
 * process in order within a millisecond, then 62 random bits.
 */
export function uuidv7(now: number = Date.now()): string {
  const random = pooledRandomBytes(10);
  if (now > lastMillisecond) {
    lastMillisecond = now;
    // A low start leaves room to count up, before ids must use the next millisecond early.
    counter = random.readUInt16BE(0) & 0x7ff;
  } else if (++counter > 0xfff) {
    lastMillisecond++;
    counter = 0;
  }
  return layOut(lastMillisecond, counter, random);
}

/** @param random ten bytes, of which the first two are not used */
function layOut(milliseconds: number, count: number, random: Buffer): string {
  const time = milliseconds.toString(16).padStart(12, '0');
  const variant = ((random[2] ?? 0) & 0x3f) | 0x80;
  const tail = random.toString('hex', 3, 10);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}-${variant.toString(16)}${tail.slice(0, 2)}-${tail.slice(2)}`;
}

/**
 * Makes a UUID version 7 for the given instant instead of the current time. Rows with such ids are in the order of their instants.
 * @param count orders up to 4,096 ids of one instant
 */
export const uuidv7At = (at: Date, count: number): string => layOut(at.getTime(), count & 0xfff, pooledRandomBytes(10));

/** The least and the greatest UUID version 7 of an instant. There are none before 1970. */
export const firstIdAt = (at: Date): string => layOut(Math.max(0, at.getTime()), 0, Buffer.alloc(10));
export const lastIdAt = (at: Date): string => layOut(Math.max(0, at.getTime()), 0xfff, Buffer.alloc(10, 0xff));

/** The nil UUID (RFC 9562). No row has this id, and it sorts before every id. */
export const nilId = '00000000-0000-0000-0000-000000000000';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text is a UUID in canonical lower case, which is safe to put into a session variable. */
export const isUuid = (text: string): boolean => uuidPattern.test(text);
