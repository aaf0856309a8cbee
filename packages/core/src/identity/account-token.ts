import { timingSafeEqual } from 'node:crypto';
import { type DomainError, errors } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import { type KeyPurpose, mac } from './keys.ts';

export type AccountPurpose = Extract<KeyPurpose, 'verify-email' | 'reset-password' | 'confirm-email' | 'undo-email'>;

/** What a token is about, and what it is bound to: once that changes, the token is worthless. */
export interface TokenSubject {
  /** Of a user, or of what they asked for. */
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
 * A token that a mail carries, to prove that its bearer reads it. It is stored nowhere: it is an id and an end, signed together
 * with what it is bound to. Each purpose has a key of its own.
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

/** What a token says of itself, before anything of it is proven. */
export interface AccountClaim {
  id: string;
  expiresAt: number;
  signature: Buffer;
}

/** Null when the text is no such token. */
export function readAccountToken(token: string): AccountClaim | null {
  const [id = '', end = '', signed = '', ...rest] = token.split('.');
  const expiresAt = Number.parseInt(end, 36);
  if (rest.length > 0 || !isUuid(id) || !Number.isSafeInteger(expiresAt)) return null;
  return { id, expiresAt, signature: Buffer.from(signed, 'base64url') };
}

/** Whether the claim is ours, of this purpose and subject, and in time. */
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
