import { createHash, hash } from 'node:crypto';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { type ChainedEvent, chainedText, type Digest } from './check-chain.ts';

/** SHA-256 of the hash before it and of the canonical JSON of the event, base64url. */
export const chainHash = (previousHash: string, event: ChainedEvent): string =>
  createHash('sha256').update(Buffer.from(previousHash, 'base64url')).update(chainedText(event)).digest('base64url');

/** SHA-256 of the salt and of the canonical JSON of what an event tells, base64url. */
export const payloadHash = (salt: Buffer, payload: object): string =>
  createHash('sha256').update(salt).update(canonicalJson(payload)).digest('base64url');

export const sha256: Digest = (bytes) => hash('sha256', bytes, 'buffer');
