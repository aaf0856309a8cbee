import { createRemoteJWKSet, customFetch as joseFetch, type JWTVerifyGetKey } from 'jose';
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
  None,
} from 'openid-client';
import { onePer } from '../../kernel/per.ts';
import type { CoreSettings } from '../../kernel/settings.ts';
import { guardedFetch, isLocalhost } from './guarded-fetch.ts';
import { oidcErrors } from './oidc.errors.ts';

/** Where somebody may sign in, wherever it is configured. */
export interface OidcIssuer {
  /** As the API names it. */
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  /** The organization that has chosen it, in which alone its sign-ins count; null is the installation. */
  readonly organizationId: string | null;
  /** The claim that is asked for at the userinfo endpoint when the ID token lacks it. @default none */
  readonly roleClaim?: string | null;
  /** Whether it may stand in a private network: only what an operator has chosen. */
  readonly privateNetworks: boolean;
}

/** The issuers of the installation itself. */
export const instanceIssuers = ({ oidcIssuers = [] }: CoreSettings): OidcIssuer[] =>
  oidcIssuers.map(({ key, ...issuer }) => ({ id: key, ...issuer, organizationId: null, privateNetworks: true }));

/**
 * Whether a text can be an issuer identifier: https, or http on the own machine, without a query, a fragment or a password.
 */
export function isIssuerIdentifier(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocalhost(url));
}

/** What is known of an issuer from its own documents. */
export interface DiscoveredIssuer {
  readonly configuration: Configuration;
  /** Its signing keys. An unknown key id makes them be fetched again, at most every 30 seconds. */
  readonly keys: JWTVerifyGetKey;
}

/** How long a discovery document counts, in milliseconds. Keys have a shorter life of their own. */
const discoveryMs = 3_600_000;
const timeoutSeconds = 10;

interface Known {
  until: number;
  discovered: Promise<DiscoveredIssuer>;
}

/** By everything that a client is made of, so that a change of it takes hold at once. */
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
  // What failed is tried again by whoever comes next.
  discovered.catch(() => known.delete(key));
  return discovered;
}

/** How the client proves itself: as the issuer says that it takes it, which by default is the Authorization header. */
function clientAuthOf(secret: string | null): ClientAuth {
  if (secret === null) return None();
  const [inBody, inHeader] = [ClientSecretPost(secret), ClientSecretBasic(secret)];
  return (server, ...rest) =>
    (server.token_endpoint_auth_methods_supported?.includes('client_secret_post') ? inBody : inHeader)(server, ...rest);
}

async function readDiscovery(issuer: OidcIssuer): Promise<DiscoveredIssuer> {
  const { clientId, clientSecret, privateNetworks } = issuer;
  const url = new URL(issuer.issuer);
  const fetch = guardedFetch(privateNetworks);
  try {
    const configuration = await discovery(url, clientId, undefined, clientAuthOf(clientSecret), {
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
