import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Coding, encoders } from './codings.ts';
import { knownEntityTag } from './etags.ts';
import { sendCompressed, sendNotModified } from './json.ts';

/** A text that is sent to many clients, such as a script. It is encoded once for each coding, when the first client prefers that one. */
export class Asset {
  readonly #type: string;
  readonly #body: Buffer;
  readonly #etag: string;
  readonly #encoded = new Map<Coding, Promise<Buffer>>();

  /** @param type its media type */
  constructor(type: string, text: string) {
    this.#type = type;
    this.#body = Buffer.from(text);
    this.#etag = `"${createHash('sha256').update(this.#body).digest('hex').slice(0, 32)}"`;
  }

  readonly #encode = (coding: Coding): Promise<Buffer> => {
    const encoded = this.#encoded.get(coding) ?? encoders[coding](this.#body);
    this.#encoded.set(coding, encoded);
    return encoded;
  };

  /** Sends it in the coding that the client prefers. Answers 304 to a client that has it in any coding. */
  async send(reply: FastifyReply): Promise<FastifyReply> {
    const known = knownEntityTag(reply.request.headers['if-none-match'], this.#etag);
    if (known !== null) return sendNotModified(reply, known, { compress: true });
    reply.headers({ 'content-type': this.#type, etag: this.#etag });
    return sendCompressed(reply, this.#body, this.#encode);
  }
}
