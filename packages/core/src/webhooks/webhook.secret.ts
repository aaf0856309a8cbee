import { createHmac, randomBytes } from 'node:crypto';

const start = 'whsec_';

/** How long the previous secret signs too. */
export const rotationMs = 24 * 3_600_000;

/** Makes a secret as Standard Webhooks writes it: 32 random bytes. */
export const makeSecret = (): string => `${start}${randomBytes(32).toString('base64')}`;

/** The headers of Standard Webhooks: https://www.standardwebhooks.com. */
export interface SignedHeaders {
  'webhook-id': string;
  /** Seconds since 1970. */
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * Signs the body of a delivery.
 * @param secrets the current one first
 */
export function sign(id: string, at: Date, body: string, secrets: readonly string[]): SignedHeaders {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(start.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
