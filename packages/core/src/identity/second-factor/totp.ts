import { randomBytes } from 'node:crypto';
import { createTOTPKeyURI, generateHOTP, verifyHOTP } from '@oslojs/otp';
import type { TotpStarted } from './second-factor.schema.ts';

/** RFC 6238 with the parameters that every app supports: SHA-1, six digits, 30 seconds. */
const digits = 6;
const stepSeconds = 30;
/** How many steps the clock of the app may be off. */
const drift = 1;

/** As long as the hash, as RFC 4226 recommends. */
export const newTotpSecret = (): Buffer => randomBytes(20);

const stepAt = (now: Date): number => Math.floor(now.getTime() / 1000 / stepSeconds);

/** The code at an instant. */
export const totpCodeAt = (secret: Uint8Array, now: Date): string => generateHOTP(secret, BigInt(stepAt(now)), digits);

/**
 * The time step of a code: the current step, or the one before or after. Null when the code matches none of them, or is not newer
 * than the last accepted one.
 */
export function stepOfCode(secret: Uint8Array, code: string, now: Date, lastUsedStep: number | null): number | null {
  const present = stepAt(now);
  for (let step = present - drift; step <= present + drift; step++)
    if (verifyHOTP(secret, BigInt(step), digits, code))
      return lastUsedStep === null || step > lastUsedStep ? step : null;
  return null;
}

/** What the user enters in the app. The issuer contains the host, so that the app tells two installations apart. */
export function enrolmentOf(publicUrl: string, account: string, secret: Uint8Array): TotpStarted {
  const issuer = `Tenon (${new URL(publicUrl).hostname})`;
  // Apps show a space that is encoded as a plus sign as a plus sign.
  const uri = createTOTPKeyURI(issuer, account, secret, stepSeconds, digits).replaceAll('+', '%20');
  return { uri, secret: new URL(uri).searchParams.get('secret') ?? '' };
}
