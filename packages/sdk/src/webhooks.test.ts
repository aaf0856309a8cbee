import { Webhook } from 'standardwebhooks';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Outputs } from './index.ts';
import {
  verifyWebhook,
  type VerifyWebhookOptions,
  type WebhookEvent,
  type WebhookHeaders,
  WebhookVerificationError,
} from './webhooks.ts';

const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
const otherSecret = `whsec_${btoa('fedcba9876543210fedcba9876543210')}`;
const id = '019b4d2e-7c11-7abc-8def-0123456789ab';
const at = new Date('2026-01-31T09:00:00Z');
const now = at.getTime();
const timestamp = String(now / 1000);
const body = JSON.stringify({ id, type: 'task.created', data: { title: 'Café €' } });

/** Signed by the official library. */
const signed = (payload = body, messageId = id, when = at, by = secret) =>
  new Webhook(by).sign(messageId, when, payload);
const signature = signed();
const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };

const verify = (
  payload: Parameters<typeof verifyWebhook>[0] = body,
  given: WebhookHeaders = headers,
  secrets: string | string[] = secret,
  options: VerifyWebhookOptions = {},
) => verifyWebhook(payload, given, secrets, { now, ...options });

it('answers what the API says that webhooks send', () => {
  type Payload = NonNullable<Outputs['webhookDeliveries']['get']['payload']>;
  expectTypeOf<Payload>().toExtend<WebhookEvent>();
  expectTypeOf<keyof WebhookEvent>().toEqualTypeOf<keyof Payload>();
});

describe('verifyWebhook accepts', () => {
  const bytes = new TextEncoder().encode(body);

  it.each<[string, () => Promise<unknown>]>([
    ['a text', () => verify()],
    ['bytes', () => verify(bytes)],
    ['a part of a buffer', () => verify(new Uint8Array([0, ...bytes, 0]).subarray(1, -1))],
    ['an ArrayBuffer', () => verify(bytes.buffer)],
    ['headers of fetch', () => verify(body, new Headers(headers))],
    [
      'headers in any case',
      () => verify(body, { 'Webhook-Id': id, 'WEBHOOK-TIMESTAMP': timestamp, 'webhook-Signature': signature }),
    ],
    [
      'one valid signature among others',
      () => verify(body, { ...headers, 'webhook-signature': `v1a,abc v1,${btoa('x')} ${signature}` }),
    ],
    ['any of several secrets', () => verify(body, headers, [otherSecret, secret])],
    ['a request of five minutes ago', () => verify(body, headers, secret, { now: now + 300_000 })],
    ['a request that is five minutes ahead', () => verify(body, headers, secret, { now: now - 300_000 })],
    [
      'an older one, when asked to',
      () => verify(body, headers, secret, { now: now + 3_600_000, toleranceSeconds: 3600 }),
    ],
  ])('%s', async (_what, verifying) => {
    expect(await verifying()).toEqual(JSON.parse(body));
  });
});

const changed = (text: string, at: number, to: string) => text.slice(0, at) + to + text.slice(at + 1);
const withHeader = (name: keyof typeof headers, value: string | string[] | undefined) => ({
  ...headers,
  [name]: value,
});
/** The last character of 32 bytes in base64 has two bits that say nothing. */
const sameBytes = `${signature.slice(0, -2)}${String.fromCharCode(signature.charCodeAt(signature.length - 2) + 1)}=`;
const later = new Date(now + 60_000);

/** What somebody in between could send, and why it is refused. */
const tamperings: readonly [string, string, () => Promise<unknown>][] = [
  ['another letter in the body', 'signature_invalid', () => verify(body.replace('task', 'tasx'))],
  ['a space after the body', 'signature_invalid', () => verify(`${body} `)],
  ['a line before the body', 'signature_invalid', () => verify(`\n${body}`)],
  ['a body that was written again', 'signature_invalid', () => verify(JSON.stringify(JSON.parse(body), null, 1))],
  ['an accent in another form', 'signature_invalid', () => verify(body.normalize('NFD'))],
  ['a part of the body', 'signature_invalid', () => verify(body.slice(0, -1))],
  ['an empty body', 'signature_invalid', () => verify('')],
  ['a body with a byte order mark', 'signature_invalid', () => verify(`\uFEFF${body}`)],
  ['a changed byte', 'signature_invalid', () => verify(new TextEncoder().encode(body).map((byte, index) => (index === 5 ? byte ^ 1 : byte)))],
  ['another id', 'signature_invalid', () => verify(body, withHeader('webhook-id', changed(id, 0, '1')))],
  ['an id in capitals', 'signature_invalid', () => verify(body, withHeader('webhook-id', id.toUpperCase()))],
  ['an id with the time in it', 'signature_invalid', () => verify(body, withHeader('webhook-id', `${id}.${timestamp}`))],
  ['no id', 'header_missing', () => verify(body, withHeader('webhook-id', undefined))],
  ['an empty id', 'header_missing', () => verify(body, withHeader('webhook-id', ''))],
  ['a later time', 'signature_invalid', () => verify(body, withHeader('webhook-timestamp', String(now / 1000 + 1)))],
  ['a time of six minutes ago', 'timestamp_too_far', () => verify(body, headers, secret, { now: now + 301_000 })],
  ['a time in six minutes', 'timestamp_too_far', () => verify(body, headers, secret, { now: now - 301_000 })],
  ['a time in milliseconds', 'timestamp_invalid', () => verify(body, withHeader('webhook-timestamp', String(now)))],
  ['a time with a fraction', 'timestamp_invalid', () => verify(body, withHeader('webhook-timestamp', `${timestamp}.0`))],
  ['a time as a date', 'timestamp_invalid', () => verify(body, withHeader('webhook-timestamp', at.toISOString()))],
  ['a time with a sign', 'timestamp_invalid', () => verify(body, withHeader('webhook-timestamp', `+${timestamp}`))],
  ['a time that is no number', 'timestamp_invalid', () => verify(body, withHeader('webhook-timestamp', 'NaN'))],
  ['no time', 'header_missing', () => verify(body, withHeader('webhook-timestamp', undefined))],
  ['no signature', 'header_missing', () => verify(body, withHeader('webhook-signature', undefined))],
  ['two headers with signatures', 'header_missing', () => verify(body, withHeader('webhook-signature', [signature, signature]))],
  ['a changed signature', 'signature_invalid', () => verify(body, withHeader('webhook-signature', changed(signature, 5, signature[5] === 'A' ? 'B' : 'A')))],
  ['the same signature in other letters', 'signature_invalid', () => verify(body, withHeader('webhook-signature', sameBytes))],
  ['a signature without its end', 'signature_invalid', () => verify(body, withHeader('webhook-signature', signature.slice(0, -1)))],
  ['a shorter signature', 'signature_invalid', () => verify(body, withHeader('webhook-signature', `v1,${btoa('short')}`))],
  ['an empty signature', 'signature_invalid', () => verify(body, withHeader('webhook-signature', 'v1,'))],
  ['a signature of another version', 'signature_invalid', () => verify(body, withHeader('webhook-signature', signature.replace('v1', 'v2')))],
  ['a signature without its version', 'signature_invalid', () => verify(body, withHeader('webhook-signature', signature.slice(3)))],
  ['a signature of another time', 'signature_invalid', () => verify(body, withHeader('webhook-signature', signed(body, id, later)))],
  ['a signature of another id', 'signature_invalid', () => verify(body, withHeader('webhook-signature', signed(body, 'other')))],
  ['a signature under another secret', 'signature_invalid', () => verify(body, withHeader('webhook-signature', signed(body, id, at, otherSecret)))],
  ['a signature after too many others', 'signature_invalid', () => verify(body, withHeader('webhook-signature', `${'v1,A '.repeat(16)}${signature}`))],
  ['a signed body that is not JSON', 'payload_invalid', () => verify('no JSON', withHeader('webhook-signature', signed('no JSON')))],
  ['a signed event with another id', 'payload_invalid', () => verify(body, { ...withHeader('webhook-id', 'x'), 'webhook-signature': signed(body, 'x') })],
  ['another secret', 'signature_invalid', () => verify(body, headers, otherSecret)],
  ['a secret that is none', 'secret_invalid', () => verify(body, headers, 'secret')],
  ['an empty secret', 'secret_invalid', () => verify(body, headers, 'whsec_')],
  ['no secret', 'signature_invalid', () => verify(body, headers, [])],
]; // prettier-ignore

describe('verifyWebhook refuses', () => {
  it.each(tamperings)('%s', async (_what, reason, verifying) => {
    const refused = await verifying().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(WebhookVerificationError);
    expect(refused).toMatchObject({ reason, name: 'WebhookVerificationError' });
  });

  it('more than thirty things', () => {
    expect(tamperings.length).toBeGreaterThan(30);
  });
});
