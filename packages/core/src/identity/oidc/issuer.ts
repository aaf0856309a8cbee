import { createRemoteJWKSet, customFetch as joseFetch, type JWTVerifyGetKey } from 'jose';
import type { ClientAuth, Configuration } from 'openid-client';
import { onePer } from '../../kernel/per.ts';
import type { CoreSettings, OidcIssuerSettings } from '../../kernel/settings.ts';
import { parseUrl } from '../../kernel/url.ts';
import { isLocalhost } from './localhost.ts';
import { oidcErrors } from './oidc.errors.ts';

/** An OpenID Connect issuer, whether the installation or an organization has configured it. */
export interface OidcIssuer extends Omit<OidcIssuerSettings, 'key'> {
  /** The id that the API uses. */
  readonly id: string;
  /** The organization that chose it, in which alone its sign-ins are valid; null for an issuer of the installation. */
  readonly organizationId: string | null;
  /** A claim to read from the userinfo endpoint when the ID token lacks it. @default none */
  readonly roleClaim?: string | null;
  /** Whether it may be in a private network: only if an operator has chosen it. */
  readonly privateNetworks: boolean;
}

/** The issuers of the installation. */
export const instanceIssuers = ({ oidcIssuers = [] }: CoreSettings): OidcIssuer[] =>
  oidcIssuers.map(({ key, ...issuer }) => ({ id: key, ...issuer, organizationId: null, privateNetworks: true }));

/**
 * Whether a text can be an issuer identifier: https, or http on the own machine, without a query, a fragment or a password.
 */
export function isIssuerIdentifier(text: string): boolean {
  const url = parseUrl(text);
  if (!url || /[?#]/.test(text) || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocalhost(url));
}

/** An issuer's own metadata and keys. */
export interface DiscoveredIssuer {
  readonly configuration: Configuration;
  /** Its signing keys. An unknown key id triggers another fetch, at most every 30 seconds. */
  readonly keys: JWTVerifyGetKey;
}

/** How long a discovery document is cached, in milliseconds. Keys are cached for a shorter time. */
const discoveryMs = 3_600_000;
const timeoutSeconds = 10;

interface Known {
  until: number;
  discovered: Promise<DiscoveredIssuer>;
}

/** The cache key contains all client settings, so that a change applies at once. */
const knownIssuers = onePer<CoreSettings, Map<string, Known>>(() => new Map());
const mostKnown = 1000;

/**
 * Reads an issuer's discovery document, at most once an hour.
 * @throws `oidc_issuer_unavailable`
 */
export async function discover(settings: CoreSettings, now: Date, issuer: OidcIssuer): Promise<DiscoveredIssuer> {
  const known = knownIssuers(settings);
  const key = JSON.stringify([issuer.issuer, issuer.clientId, issuer.clientSecret, issuer.privateNetworks]);
  const found = known.get(key);
  if (found && found.until > now.getTime()) return found.discovered;
  if (known.size >= mostKnown) known.clear();
  const discovered = readDiscovery(issuer);
  known.set(key, { until: now.getTime() + discoveryMs, discovered });
  // The next request retries a failure.
  discovered.catch(() => known.delete(key));
  return discovered;
}

/** How the client authenticates: in the body if the issuer supports that, else in the Authorization header, the default. */
async function clientAuthOf(secret: string | null): Promise<ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost, None } = await import('openid-client');
  if (secret === null) return None();
  const [inBody, inHeader] = [ClientSecretPost(secret), ClientSecretBasic(secret)];
  return (server, ...rest) =>
    (server.token_endpoint_auth_methods_supported?.includes('client_secret_post') ? inBody : inHeader)(server, ...rest);
}

async function readDiscovery(issuer: OidcIssuer): Promise<DiscoveredIssuer> {
  const { clientId, clientSecret, privateNetworks } = issuer;
  const url = new URL(issuer.issuer);
  // Loaded on demand: these modules take 18 MB, and only OpenID Connect needs them.
  const { guardedFetch } = await import('./guarded-fetch.ts');
  const { allowInsecureRequests, customFetch, discovery } = await import('openid-client');
  const fetch = guardedFetch(privateNetworks);
  try {
    const configuration = await discovery(url, clientId, undefined, await clientAuthOf(clientSecret), {
      [customFetch]: fetch,
      timeout: timeoutSeconds,
      execute: privateNetworks && isLocalhost(url) ? [allowInsecureRequests] : [],
    });
    const server = configuration.serverMetadata();
    if (server.jwks_uri === undefined) throw new TypeError('The issuer publishes no keys.');
    const keys = createRemoteJWKSet(new URL(server.jwks_uri), { [joseFetch]: fetch, cooldownDuration: 30_000 });
    return { configuration, keys };
  } catch (cause) {
    throw oidcErrors.oidc_issuer_unavailable({ cause });
  }
}
