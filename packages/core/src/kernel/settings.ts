/** An OpenID Connect issuer at which everybody may sign in. Our client there has the redirect URL `oidcCallbackUrl`. */
export interface OidcIssuerSettings {
  /** Its id in the API: lower-case letters and digits. */
  readonly key: string;
  /** The text of the sign-in button. */
  readonly name: string;
  /** The issuer identifier: the URL under which its discovery document is. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client, which only PKCE protects. */
  readonly clientSecret: string | null;
  /** The requested scopes, including `openid`. */
  readonly scopes: readonly string[];
}

/** A bucket of S3, or of a service that supports its protocol. */
export interface S3Settings {
  readonly bucket: string;
  /** Null is Amazon's own endpoint. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Null: the AWS library finds credentials, such as those of the machine's role. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** Whether addresses have the bucket in the path instead of the host name. */
  readonly pathStyle: boolean;
}

/** The settings of an installation that the domain needs. Each app parses and checks them once; see A10. */
export interface CoreSettings {
  readonly production: boolean;
  /** The base of the URLs in mails. */
  readonly publicUrl: string;
  /** The origins of web pages that may call the API. Pages on the same site may also ask for passkeys. */
  readonly corsOrigins: readonly string[];
  /** The folder for mails and, unless `s3` is set, for files. */
  readonly dataDirectory: string;
  /** Where files are stored. @default the folder `uploads` in `dataDirectory` */
  readonly s3?: S3Settings | null;
  /** Signs access tokens and derives successor refresh tokens: at least 32 bytes. */
  readonly secretKey: string;
  /** Keys of 32 bytes in base64. The first seals secrets that must be read again. All of them can open sealed secrets. */
  readonly encryptionKeys: readonly string[];
  readonly accessTokenMinutes: number;
  readonly refreshTokenDays: number;
  readonly requireVerifiedEmail: boolean;
  readonly passwordMinLength: number;
  /** Who may create an account: everybody, only invited people, or nobody. @default open */
  readonly signUp?: 'open' | 'invite' | 'closed';
  /** The tier of new organizations, which sets their limits. @default free */
  readonly defaultTier?: 'free' | 'pro' | 'enterprise';
  /**
   * How many failed sign-ins, registrations and requests for mails one network address may make in 15 minutes. Each kind is counted
   * separately.
   */
  readonly attemptsPerAddress: number;
  /**
   * Hosts with their ports, such as `hooks.internal:8080`, to which webhooks may be sent without TLS and in private networks. @default none
   */
  readonly webhookAllowedHosts?: readonly string[];
  /** The delays before the attempts to send an event to a webhook, in seconds. @default 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h */
  readonly webhookRetrySeconds?: readonly number[];
  /** How many streams of events one user may have open on one server. @default 20 */
  readonly streamsPerUser?: number;
  /** The same for all users in an organization. @default 500 */
  readonly streamsPerOrganization?: number;
  /** @default none */
  readonly oidcIssuers?: readonly OidcIssuerSettings[];
  /** Whether issuers that organizations choose may be in private networks, and on localhost without TLS. @default false */
  readonly organizationIssuersInPrivateNetworks?: boolean;
}
