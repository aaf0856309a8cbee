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

/** Keeps up to 10,000 values. The same ids come again and again, and making a value costs more than looking it up. */
function keeping<Made>(make: (from: string) => Made): (from: string) => Made {
  const kept = new Map<string, Made>();
  return (from) => {
    const known = kept.get(from);
    if (known !== undefined) return known;
    if (kept.size >= 10_000) kept.clear();
    const made = make(from);
    kept.set(from, made);
    return made;
  };
}

/** Returns the 16 bytes of an id, as SQLite stores it. */
export const bytesOf = keeping((id) => Buffer.from(id.replaceAll('-', ''), 'hex'));

/** Returns an id from its hexadecimal digits in upper case. Reading a blob as text is several times as fast as reading a Buffer. */
export const idOf = keeping((hex) => {
  const text = hex.toLowerCase();
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
});

/** A UUID version 7: milliseconds, then 74 random bits. */
export function uuidv7(now: number): string {
  const hex = randomBytes(10).toString('hex');
  const time = now.toString(16).padStart(12, '0');
  const variant = (8 + (Number.parseInt(hex.charAt(3), 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(8, 20)}`;
}
