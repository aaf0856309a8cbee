import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { onePer } from '../kernel/per.ts';
import type { CoreSettings } from '../kernel/settings.ts';

export type KeyPurpose =
  | 'access-token'
  | 'refresh-token'
  | 'verify-email'
  | 'reset-password'
  | 'confirm-email'
  | 'undo-email'
  | 'unsubscribe'
  | 'throttle'
  | 'oidc'
  | 'invitation'
  | 'download';

const derivedKeys = onePer<CoreSettings, Map<KeyPurpose, KeyObject>>(() => new Map());

/** The key for one purpose, derived from the secret key of the installation, so that it signs no other kind of token. */
export function keyFor(settings: CoreSettings, purpose: KeyPurpose): KeyObject {
  const keys = derivedKeys(settings);
  let key = keys.get(purpose);
  if (!key) {
    key = createSecretKey(new Uint8Array(hkdfSync('sha256', settings.secretKey, '', `tenon ${purpose}`, 32)));
    keys.set(purpose, key);
  }
  return key;
}

/** HMAC-SHA256 with the key of the purpose. */
export const mac = (settings: CoreSettings, purpose: KeyPurpose, text: string): Buffer =>
  createHmac('sha256', keyFor(settings, purpose)).update(text).digest();
