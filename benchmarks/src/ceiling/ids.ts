import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(8192);
let offset = pool.length;

/** Takes random bytes from a pool. Asking the system for sixteen bytes at a time would cost more than the rest of an id. */
export function randomBytes(count: number): Buffer {
  if (offset + count > pool.length) {
    randomFillSync(pool);
    offset = 0;
  }
  offset += count;
  return pool.subarray(offset - count, offset);
}

const digits = new Uint8Array(128);
for (const digit of '0123456789abcdef') digits[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

/** The 16 bytes of an id, as SQLite stores it. */
export function bytesOf(id: string): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  for (let index = 0, at = 0; index < 16; index++, at += 2) {
    if (at === 8 || at === 13 || at === 18 || at === 23) at++;
    bytes[index] = ((digits[id.charCodeAt(at)] ?? 0) << 4) | (digits[id.charCodeAt(at + 1)] ?? 0);
  }
  return bytes;
}

/** An id from its hexadecimal digits in upper case. Reading a blob as text is several times as fast as reading a Buffer. */
export function idOf(hex: string): string {
  const text = hex.toLowerCase();
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** A UUID version 7: milliseconds, then 74 random bits. */
export function uuidv7(now: number): string {
  const hex = randomBytes(10).toString('hex');
  const time = now.toString(16).padStart(12, '0');
  const variant = (8 + (Number.parseInt(hex.charAt(3), 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(8, 20)}`;
}
