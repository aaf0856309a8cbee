import { createHash, hash } from 'node:crypto';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { type ChainedEvent, chainedText, type Digest } from './check-chain.ts';

/** The columns of an event that say who did what to which entity, and when. */
export const actionColumns = [
  'events.type',
  'events.at',
  'events.actor_id as actorId',
  'events.api_key_id as apiKeyId',
  'events.entity_type as entityType',
  'events.entity_id as entityId',
  'events.parent_type as parentType',
  'events.parent_id as parentId',
] as const;

/** The columns of an event that its hash covers. */
export const chainedColumns = [
  'events.id',
  'events.organization_id as organizationId',
  ...actionColumns,
  'events.request_id as requestId',
  'events.payload_hash as payloadHash',
] as const;

/** SHA-256 of the hash before it and of the canonical JSON of the event, base64url. */
export const chainHash = (previousHash: string, event: ChainedEvent): string =>
  createHash('sha256').update(Buffer.from(previousHash, 'base64url')).update(chainedText(event)).digest('base64url');

/** SHA-256 of the salt and of the canonical JSON of what an event tells, base64url. */
export const payloadHash = (salt: Buffer, payload: object): string =>
  createHash('sha256').update(salt).update(canonicalJson(payload)).digest('base64url');

export const sha256: Digest = (bytes) => hash('sha256', bytes, 'buffer');
