/** What an event is about. */
export interface WebhookEntity {
  /** The kind, such as `task`. */
  readonly type: string;
  /** The id of the entity. */
  readonly id: string;
}

/** An event as a webhook sends it. More types will come, and types may gain fields: ignore what you do not know. */
export interface WebhookEvent {
  /** The same when it is sent again. Keep it, to notice that. */
  readonly id: string;
  /** `entity.past_tense`, such as `task.created`. */
  readonly type: string;
  /** When it happened: ISO 8601 in UTC. */
  readonly at: string;
  /** Its place in the order of the organization. Events may arrive in another order. */
  readonly sequence: number;
  /** The organization in which it happened. */
  readonly organizationId: string;
  /** Who did it; null is the system. */
  readonly actor: {
    /** The id of the user. */
    readonly id: string;
    /** The username; null when they have none. */
    readonly username: string | null;
    /** The full name; null when they have given none. */
    readonly fullName: string | null;
  } | null;
  /** The API key by which the actor did it. */
  readonly apiKeyId: string | null;
  /** What it is about. */
  readonly entity: WebhookEntity;
  /** Where it shows too: the task of a comment. */
  readonly parent: WebhookEntity | null;
  /** What an update changed, by field. */
  readonly changes: Readonly<
    Record<
      string,
      {
        /** The value before. */
        readonly from?: unknown;
        /** The value after. */
        readonly to?: unknown;
      }
    >
  >;
  /** What the event tells beside the changes. */
  readonly data: Readonly<Record<string, unknown>>;
  /** One line in English. */
  readonly summary: string | null;
  /** The version of the schema of `data`. */
  readonly schemaVersion: number;
}

/** Why a request is refused. */
export type WebhookRefusal =
  | 'header_missing'
  | 'timestamp_invalid'
  | 'timestamp_too_far'
  | 'signature_invalid'
  | 'secret_invalid'
  | 'payload_invalid';

const messages: Readonly<Record<WebhookRefusal, string>> = {
  header_missing: 'A header of the webhook is missing.',
  timestamp_invalid: 'The header webhook-timestamp is not a number of seconds.',
  timestamp_too_far: 'The webhook was sent too long ago, or is from the future.',
  signature_invalid: 'No signature of the webhook is valid.',
  secret_invalid: 'A secret begins with whsec_, and base64 follows.',
  payload_invalid: 'The body of the webhook is not an event.',
};

/** A request that must not be trusted. Answer it 400. */
export class WebhookVerificationError extends Error {
  /** Why it is refused. */
  readonly reason: WebhookRefusal;

  constructor(reason: WebhookRefusal) {
    super(messages[reason]);
    this.name = 'WebhookVerificationError';
    this.reason = reason;
  }
}

export interface VerifyWebhookOptions {
  /** How far the time of sending may be from now, in seconds. @default 300 */
  toleranceSeconds?: number;
  /** Milliseconds since 1970. @default the clock of this machine */
  now?: number;
}

/** The headers of a request: those of `fetch`, or an object as Node.js has it. */
export type WebhookHeaders = Pick<Headers, 'get'> | Readonly<Record<string, string | readonly string[] | undefined>>;

const secretStart = 'whsec_';
const signatureStart = 'v1,';
/** Two while a secret is replaced. */
const mostSignatures = 16;

function headerIn(headers: WebhookHeaders, name: string): string {
  const found: unknown =
    typeof headers.get === 'function'
      ? headers.get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (typeof found !== 'string' || found === '') throw new WebhookVerificationError('header_missing');
  return found;
}

/** Null when the text is not base64 in its one form: other forms would let a signature be changed. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    const binary = atob(base64);
    return btoa(binary) === base64 ? Uint8Array.from(binary, (character) => character.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

async function keyOf(secret: string) {
  const bytes = secret.startsWith(secretStart) ? bytesOf(secret.slice(secretStart.length)) : null;
  if (!bytes || bytes.length === 0) throw new WebhookVerificationError('secret_invalid');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

/** What is signed: id, time and body, joined by dots. */
function signedBytes(id: string, timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = new TextEncoder().encode(`${id}.${timestamp}.`);
  const all = new Uint8Array(start.length + body.length);
  all.set(start);
  all.set(body, start.length);
  return all;
}

const isEvent = (value: unknown): value is WebhookEvent =>
  typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string' && 'type' in value;

function parsed(body: Uint8Array, id: string): WebhookEvent {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (isEvent(value) && value.id === id) return value;
  } catch {
    // It is refused below.
  }
  throw new WebhookVerificationError('payload_invalid');
}

/**
 * Verifies a request of a webhook, as Standard Webhooks says, and answers its event. It uses WebCrypto and no API of Node.js.
 *
 * @param payload the body exactly as it was received, not parsed
 * @param secret that of the webhook, or several while you replace it
 * @throws WebhookVerificationError
 *
 * @example
 * const event = await verifyWebhook(await request.text(), request.headers, secret);
 */
export async function verifyWebhook(
  payload: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  { toleranceSeconds = 300, now = Date.now() }: VerifyWebhookOptions = {},
): Promise<WebhookEvent> {
  const id = headerIn(headers, 'webhook-id');
  const timestamp = headerIn(headers, 'webhook-timestamp');
  const signatures = headerIn(headers, 'webhook-signature').split(' ', mostSignatures);
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError('timestamp_invalid');
  if (!(Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds))
    throw new WebhookVerificationError('timestamp_too_far');
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  const body = 'buffer' in bytes ? bytes : new Uint8Array(bytes);
  const signed = signedBytes(id, timestamp, body);
  for (const key of await Promise.all([secret].flat().map((one) => keyOf(one))))
    for (const signature of signatures) {
      const given = signature.startsWith(signatureStart) ? bytesOf(signature.slice(signatureStart.length)) : null;
      // It takes the same time however much of a signature is right.
      if (given && (await crypto.subtle.verify('HMAC', key, given, signed))) return parsed(body, id);
    }
  throw new WebhookVerificationError('signature_invalid');
}
