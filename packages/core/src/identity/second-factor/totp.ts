import { randomBytes } from 'node:crypto';
import { createTOTPKeyURI, generateHOTP, verifyHOTP } from '@oslojs/otp';

/** RFC 6238 with what every app understands: SHA-1, six digits, 30 seconds. */
const digits = 6;
const stepSeconds = 30;
/** How many steps a clock may be off. */
const drift = 1;

/** As long as the hash, as RFC 4226 wants it. */
export const newTotpSecret = (): Buffer => randomBytes(20);

const stepAt = (now: Date): number => Math.floor(now.getTime() / 1000 / stepSeconds);

/** The code of an instant. */
export const totpCodeAt = (secret: Uint8Array, now: Date): string => generateHOTP(secret, BigInt(stepAt(now)), digits);

/**
 * The time step whose code this is: the present one, the one before or the one after. Null when it is none of theirs, or not
 * newer than the last one that was taken.
 */
export function stepOfCode(secret: Uint8Array, code: string, now: Date, lastUsedStep: number | null): number | null {
  const present = stepAt(now);
  for (let step = present - drift; step <= present + drift; step++)
    if (verifyHOTP(secret, BigInt(step), digits, code))
      return lastUsedStep === null || step > lastUsedStep ? step : null;
  return null;
}

export interface TotpEnrolment {
  /** In base32, to be typed where no picture can be taken. */
  secret: string;
  /** For a QR code. */
  uri: string;
}

/** What an authenticator app is shown. The installation's host tells two of them apart in the app. */
export function enrolmentOf(publicUrl: string, account: string, secret: Uint8Array): TotpEnrolment {
  const issuer = `Tenon (${new URL(publicUrl).hostname})`;
  // Apps show a plus sign in the place of a space that is written so.
  const uri = createTOTPKeyURI(issuer, account, secret, stepSeconds, digits).replaceAll('+', '%20');
  return { uri, secret: new URL(uri).searchParams.get('secret') ?? '' };
}
