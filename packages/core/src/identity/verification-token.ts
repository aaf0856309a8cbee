import { timingSafeEqual } from 'node:crypto';
import { isUuid } from '../kernel/ids.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import { mac } from './keys.ts';

const lifetimeMs = 24 * 3_600_000;

/** Whose address is verified. */
interface Holder {
  id: string;
  emailKey: string;
}

const signature = (settings: CoreSettings, { id, emailKey }: Holder, expiresAt: number): Buffer =>
  mac(settings, 'verify-email', JSON.stringify([id, emailKey, expiresAt]));

/**
 * A token that proves that its bearer reads the user's mail. It is stored nowhere: it is the user and an end, signed together
 * with the address. Another address, or a verified one, makes it worthless. Valid for 24 hours.
 */
export function makeVerificationToken(settings: CoreSettings, holder: Holder, now: Date): string {
  const expiresAt = now.getTime() + lifetimeMs;
  return `${holder.id}.${expiresAt.toString(36)}.${signature(settings, holder, expiresAt).toString('base64url')}`;
}

/** What a token says of itself, before anything of it is proven. */
export interface VerificationClaim {
  userId: string;
  expiresAt: number;
  signature: Buffer;
}

/** Null when the text is no such token. */
export function readVerificationToken(token: string): VerificationClaim | null {
  const [userId = '', end = '', signed = '', ...rest] = token.split('.');
  const expiresAt = Number.parseInt(end, 36);
  if (rest.length > 0 || !isUuid(userId) || !Number.isSafeInteger(expiresAt)) return null;
  return { userId, expiresAt, signature: Buffer.from(signed, 'base64url') };
}

/** Whether the claim is ours, of this user with this address, and in time. */
export function provesAddress(settings: CoreSettings, claim: VerificationClaim, holder: Holder, now: Date): boolean {
  const expected = signature(settings, holder, claim.expiresAt);
  if (claim.signature.length !== expected.length || !timingSafeEqual(claim.signature, expected)) return false;
  return claim.userId === holder.id && claim.expiresAt > now.getTime();
}
