import { timingSafeEqual } from 'node:crypto';
import { fromBase64url } from '../kernel/base64url.ts';
import { type DomainError, errors } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import { type KeyPurpose, mac } from './keys.ts';

export type AccountPurpose = Extract<
  KeyPurpose,
  'verify-email' | 'reset-password' | 'confirm-email' | 'undo-email' | 'unsubscribe'
>;

/** What a token is about. When a value in `boundTo` changes, the token is no longer valid. */
export interface TokenSubject {
  /** The id of a user, or of the change that a user asked for. */
  id: string;
  boundTo: readonly string[];
}

const signature = (
  settings: CoreSettings,
  purpose: AccountPurpose,
  { id, boundTo }: TokenSubject,
  expiresAt: number,
): Buffer => mac(settings, purpose, JSON.stringify([id, ...boundTo, expiresAt]));

/**
 * Makes a token for a mail. Whoever brings it back has read the mail. The token is not stored: it contains the id and the expiry
 * time, and its signature also covers `boundTo`. Each purpose has its own key.
 */
export function makeAccountToken(
  settings: CoreSettings,
  purpose: AccountPurpose,
  subject: TokenSubject,
  expires: Date,
): string {
  const expiresAt = expires.getTime();
  const signed = signature(settings, purpose, subject, expiresAt).toString('base64url');
  return `${subject.id}.${expiresAt.toString(36)}.${signed}`;
}

export const invalidToken = (): DomainError =>
  errors.validation_failed({ field: ['token'], message: 'This token is not valid, was used already, or has expired.' });

/** What a token claims. Nothing in it is verified yet. */
export interface AccountClaim {
  id: string;
  expiresAt: number;
  signature: Buffer;
}

/** Parses a token. @throws `validation_failed` at `token` when the text is not an account token */
export function readAccountToken(token: string): AccountClaim {
  const [id = '', end = '', signed = '', ...rest] = token.split('.');
  const expiresAt = Number.parseInt(end, 36);
  const given = fromBase64url(signed);
  if (rest.length > 0 || !isUuid(id) || expiresAt.toString(36) !== end || !given) throw invalidToken();
  return { id, expiresAt, signature: given };
}

/** Whether this installation signed the claim for this purpose and subject, and it has not expired. */
export function provesAccount(
  settings: CoreSettings,
  purpose: AccountPurpose,
  claim: AccountClaim,
  subject: TokenSubject,
  now: Date,
): boolean {
  const expected = signature(settings, purpose, subject, claim.expiresAt);
  if (claim.signature.length !== expected.length || !timingSafeEqual(claim.signature, expected)) return false;
  return claim.id === subject.id && claim.expiresAt > now.getTime();
}
