import type { FastifyReply } from 'fastify';

const jsonType = 'application/json; charset=utf-8';

/** In characters. A short text is written together with the headers, which is cheaper than two parts. */
const longText = 4096;

/**
 * Encodes a long text. Node joins a text with the headers and encodes both together, which takes 100 µs for 50 kB of ASCII and 190 µs
 * for other text. ASCII, which most JSON is, is copied as it is in 8 µs.
 */
function bytesOf(text: string): string | Buffer {
  if (text.length <= longText) return text;
  return Buffer.from(text, Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8');
}

/** Sends a text of JSON. */
export const sendJson = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header('content-type', jsonType).send(bytesOf(text));
