/** An OpenID Connect issuer at which everybody may sign in; its client is registered there for `oidcCallbackUrl`. */
export interface OidcIssuerSettings {
  /** Names it in the API: lower-case letters and digits. */
  readonly key: string;
  /** What people read on the button. */
  readonly name: string;
  /** The issuer identifier, under which its discovery document stands. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  /** What is asked for, `openid` among it. */
  readonly scopes: readonly string[];
}

/** What the domain needs to know of its installation. Parsed and checked once by each app; see A10. */
export interface CoreSettings {
  readonly production: boolean;
  /** Where links in mails lead. */
  readonly publicUrl: string;
  /** The origins of the web pages that may call, and ask for passkeys if they are of the same site. */
  readonly corsOrigins: readonly string[];
  readonly dataDirectory: string;
  /** Signs access tokens and derives successor refresh tokens: at least 32 bytes. */
  readonly secretKey: string;
  /** Keys of 32 bytes in base64: the first seals secrets that must be read again, all of them open what was sealed. */
  readonly encryptionKeys: readonly string[];
  readonly accessTokenMinutes: number;
  readonly refreshTokenDays: number;
  readonly requireVerifiedEmail: boolean;
  readonly passwordMinLength: number;
  /** Failed sign-ins, registrations and mails asked for, each, that one network address has in 15 minutes. */
  readonly attemptsPerAddress: number;
  /** @default none */
  readonly oidcIssuers?: readonly OidcIssuerSettings[];
  /** Whether issuers that organizations choose may stand in private networks, and on localhost without TLS. @default false */
  readonly organizationIssuersInPrivateNetworks?: boolean;
}
