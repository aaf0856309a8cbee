import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Encodes the part of CBOR (RFC 8949) that WebAuthn needs. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map) {
    const entries = [...value].flatMap(([name, member]) => [cbor(name), cbor(member)]);
    return Buffer.concat([head(5, value.size), ...entries]);
  }
  throw new TypeError('WebAuthn needs no CBOR of this type.');
}

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count]);
  if (count < 256) return Buffer.from([(major << 5) | 24, count]);
  return Buffer.from([(major << 5) | 25, count >> 8, count & 0xff]);
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();

const flagged = (flags: Record<string, boolean>): number =>
  Object.entries(flags).reduce((sum, [bit, isSet]) => sum | (isSet ? Number(bit) : 0), 0);

/** How a ceremony differs from that of an honest browser and authenticator. */
export interface Tampering {
  origin?: string;
  rpId?: string;
  challenge?: string;
  /** @default true */
  userVerified?: boolean;
  /** @default one more than the last time */
  signCount?: number;
  userHandle?: string;
  /** Signs with another key. On registration it adds an attestation that nobody asked for. */
  forged?: boolean;
}

interface CreationOptions {
  challenge: string;
  rp: { id: string };
  user: { id: string };
}

interface RequestOptions {
  challenge: string;
  rpId: string;
}

/** A software authenticator with its browser: one ES256 key (WebAuthn level 2, attestation `none`). */
export class TestAuthenticator {
  readonly credentialId = randomBytes(32).toString('base64url');
  readonly #origin: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #counts: boolean;
  #signCount = 0;
  #userHandle: string | undefined;

  /** @param counts whether it counts its signatures; many authenticators always report 0 */
  constructor(origin = 'http://localhost:8000', { counts = true } = {}) {
    this.#origin = origin;
    this.#counts = counts;
  }

  /** What `navigator.credentials.create` answers. */
  create(options: CreationOptions, tampering: Tampering = {}) {
    this.#userHandle = options.user.id;
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const key = new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, 'base64url')],
      [-3, Buffer.from(y, 'base64url')],
    ]);
    const id = Buffer.from(this.credentialId, 'base64url');
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cbor(key)]);
    const authData = Buffer.concat([this.#authenticatorData(options.rp.id, tampering, true), attested]);
    const clientData = this.#clientData('webauthn.create', options.challenge, tampering);
    const statement = tampering.forged
      ? new Map<string, unknown>([
          ['alg', -7],
          ['sig', this.#signature(authData, clientData, tampering)],
        ])
      : new Map();
    const attestation = new Map<string, unknown>([
      ['fmt', tampering.forged ? 'packed' : 'none'],
      ['attStmt', statement],
      ['authData', authData],
    ]);
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: cbor(attestation).toString('base64url'),
        transports: ['internal', 'hybrid'],
      },
    };
  }

  /** What `navigator.credentials.get` answers. */
  get(options: RequestOptions, tampering: Tampering = {}) {
    const clientData = this.#clientData('webauthn.get', options.challenge, tampering);
    const authenticatorData = this.#authenticatorData(options.rpId, tampering, false);
    const signature = this.#signature(authenticatorData, clientData, tampering);
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authenticatorData.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: tampering.userHandle ?? this.#userHandle,
      },
    };
  }

  #credential() {
    return { id: this.credentialId, rawId: this.credentialId, type: 'public-key' as const };
  }

  #signature(authenticatorData: Buffer, clientData: Buffer, { forged }: Tampering): Buffer {
    const key: KeyObject = forged
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : this.#keys.privateKey;
    return sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), key);
  }

  #clientData(type: string, challenge: string, tampering: Tampering): Buffer {
    const data = { type, challenge: tampering.challenge ?? challenge, origin: tampering.origin ?? this.#origin };
    return Buffer.from(JSON.stringify({ ...data, crossOrigin: false }));
  }

  #authenticatorData(
    rpId: string,
    { userVerified = true, signCount, ...tampering }: Tampering,
    attested: boolean,
  ): Buffer {
    if (this.#counts) this.#signCount++;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(signCount ?? this.#signCount);
    // User present, user verified, backup eligible and backed up, attested credential data included.
    const flags = flagged({ 0x01: true, 0x04: userVerified, 0x08: true, 0x10: true, 0x40: attested });
    return Buffer.concat([sha256(tampering.rpId ?? rpId), Buffer.from([flags]), count]);
  }
}
