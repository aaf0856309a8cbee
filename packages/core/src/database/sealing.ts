import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { CoreSettings } from '../kernel/settings.ts';
import type { TableDefinition } from './table.ts';

/** What sealing needs to know of the installation. */
export type SealingSettings = Pick<CoreSettings, 'encryptionKeys'>;

/** The one place where a sealed text can be opened again. */
export interface SealedPlace {
  table: string;
  /** The primary key of the row, in the order of its columns. */
  key: readonly string[];
  /** The property that holds it. */
  field: string;
}

interface SealingKey {
  /** What names the key in a sealed text: it says nothing of the key itself. */
  id: string;
  bytes: Buffer;
}

const version = 'v1';
const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

const derived = new WeakMap<readonly string[], readonly SealingKey[]>();

function keysOf({ encryptionKeys }: SealingSettings): readonly SealingKey[] {
  let keys = derived.get(encryptionKeys);
  if (keys) return keys;
  keys = encryptionKeys.map((text) => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== 32) throw new Error('An encryption key has 32 bytes.');
    return { bytes, id: createHash('sha256').update('tenon encryption key').update(bytes).digest('hex').slice(0, 12) };
  });
  derived.set(encryptionKeys, keys);
  return keys;
}

function firstKey(settings: SealingSettings): SealingKey {
  const [first] = keysOf(settings);
  if (!first) throw new Error('Without an encryption key no secret can be kept.');
  return first;
}

/** What a text begins with that the first key sealed: the others are to be sealed again after a change of keys. */
export const currentSeal = (settings: SealingSettings): string => `${version}.${firstKey(settings).id}.`;

/** Bound to its row and field, so that a sealed text which is moved to another one stays closed there. */
const bound = (keyId: string, { table, key, field }: SealedPlace): Buffer =>
  Buffer.from(JSON.stringify([version, keyId, table, key, field]));

/** Seals a secret under the first key: AES-256-GCM, as `v1.KEY-ID.BASE64URL` of nonce, text and tag. */
export function seal(settings: SealingSettings, place: SealedPlace, text: string): string {
  const { id, bytes } = firstKey(settings);
  const iv = randomBytes(ivBytes);
  const sealing = createCipheriv(cipher, bytes, iv, { authTagLength: tagBytes }).setAAD(bound(id, place));
  const parts = [iv, sealing.update(text, 'utf8'), sealing.final(), sealing.getAuthTag()];
  return `${version}.${id}.${Buffer.concat(parts).toString('base64url')}`;
}

/** @throws when none of the keys sealed it, or not in this place, or somebody changed it */
export function unseal(settings: SealingSettings, place: SealedPlace, sealed: string): string {
  const where = `${place.table}.${place.field}`;
  const [found, id = '', body = '', ...rest] = sealed.split('.');
  if (found !== version || rest.length > 0) throw new Error(`What stands in ${where} was never sealed.`);
  const key = keysOf(settings).find((known) => known.id === id);
  if (!key)
    throw new Error(`What stands in ${where} was sealed under the key ${id}, which ENCRYPTION_KEY does not have.`);
  const bytes = Buffer.from(body, 'base64url');
  if (bytes.length < ivBytes + tagBytes) throw new Error(`What stands in ${where} is cut off.`);
  const opening = createDecipheriv(cipher, key.bytes, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(bound(id, place))
    .setAuthTag(bytes.subarray(-tagBytes));
  const text = opening.update(bytes.subarray(ivBytes, -tagBytes));
  try {
    return Buffer.concat([text, opening.final()]).toString('utf8');
  } catch (cause) {
    throw new Error(`What stands in ${where} was sealed for another place, or changed.`, { cause });
  }
}

/** A column whose values are sealed. */
export interface SealedColumn {
  /** @param key the primary key of the row, in the order of its columns */
  seal(settings: SealingSettings, key: readonly string[], text: string): string;
  /** @throws when it cannot be opened there */
  unseal(settings: SealingSettings, key: readonly string[], sealed: string): string;
}

/**
 * The way in and out of a column that its table declares as `sealed`.
 *
 * @example
 * const secret = sealedColumn(totpTable, 'secret');
 * await unit.insert(TotpEntity, { userId, secret: secret.seal(ctx.settings, [userId], text), … });
 */
export function sealedColumn(table: TableDefinition, field: string): SealedColumn {
  const { name, sealed = [] } = table;
  if (!sealed.includes(field)) throw new Error(`Table ${name} does not declare ${field} as sealed.`);
  return {
    seal: (settings, key, text) => seal(settings, { table: name, key, field }, text),
    unseal: (settings, key, text) => unseal(settings, { table: name, key, field }, text),
  };
}
