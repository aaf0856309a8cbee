import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { Adapter, AdapterPayload, Configuration } from 'oidc-provider';
import { uuidv7 } from '../kernel/ids.ts';
import type { OidcIssuerSettings } from '../kernel/settings.ts';

/** A browser that only follows redirects and keeps cookies. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async open(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirects while they stay at the issuer. Answers the first URL elsewhere. */
  async leave(start: string, origin: string, headers: Record<string, string>): Promise<URL> {
    let url = new URL(start);
    for (let hop = 0; hop < 10; hop++) {
      const response = await this.open(url, { headers });
      const location = response.headers.get('location');
      if (location === null) throw new Error(`The issuer said ${response.status}: ${await response.text()}`);
      url = new URL(location, url);
      if (url.origin !== origin) return url;
    }
    throw new Error('The issuer redirects without an end.');
  }
}

/** Keeps the data of one issuer when its keys change. */
function memoryAdapter(): (name: string) => Adapter {
  const rows = new Map<string, AdapterPayload>();
  return (name) => {
    const by = (matches: (payload: AdapterPayload) => boolean) =>
      [...rows].find(([key, payload]) => key.startsWith(`${name} `) && matches(payload))?.[1];
    return {
      upsert: async (id, payload) => void rows.set(`${name} ${id}`, payload),
      find: async (id) => rows.get(`${name} ${id}`),
      findByUid: async (uid) => by((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => by((payload) => payload.userCode === userCode),
      destroy: async (id) => void rows.delete(`${name} ${id}`),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of rows) if (payload.grantId === grantId) rows.delete(key);
      },
      consume: async (id) => {
        const payload = rows.get(`${name} ${id}`);
        if (payload) payload['consumed'] = Math.floor(Date.now() / 1000);
      },
    };
  };
}

export type TestClaims = Readonly<Record<string, unknown>>;

/** A real OpenID Connect issuer inside this process, on a free port. */
export interface TestIssuer {
  /** The settings with which a platform uses it. */
  readonly settings: OidcIssuerSettings;
  /** The logout tokens that it sent over the back channel, newest last. */
  readonly logoutTokens: readonly string[];
  /** Signs somebody in as `subject` with these claims. Answers where the browser is sent then. */
  authorize(authorizationUrl: string, subject: string, claims: TestClaims): Promise<URL>;
  /** Signs out the browser that signed in last. Answers where it is sent then. */
  signOut(logoutUrl: string): Promise<URL>;
  /** Replaces its keys, and publishes only the new ones. */
  rotateKeys(): Promise<void>;
  /** Adds a redirect URI to its client: that of an organization's provider is known only once the provider exists. */
  allow(redirectUri: string): void;
  /** Signs any payload with the current key. */
  sign(payload: JWTPayload, header?: { typ?: string; kid?: string }): Promise<string>;
  /** How often its keys were fetched. */
  readonly keysAskedFor: number;
  stop(): Promise<void>;
}

const accountHeader = 'x-test-account';

/** Starts an issuer, which does not keep its process alive. */
export async function startTestIssuer(
  key = 'local',
  redirectUri = 'http://localhost:8000/api/v1/auth/oidc/callback',
): Promise<TestIssuer> {
  const client = { clientId: `tenon-${key}`, clientSecret: `secret-of-${key}-0123456789abcdef0123456789` };
  // Loaded here, because most tests that import this folder do not need it.
  const { default: Provider } = await import('oidc-provider');
  const accounts = new Map<string, TestClaims>();
  const redirectUris = [redirectUri];
  const logoutTokens: string[] = [];
  const adapter = memoryAdapter();
  let keysAskedFor = 0;
  let serve: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;

  const configurationWith = (jwk: JWK): Configuration => ({
    adapter,
    jwks: { keys: [jwk] },
    cookies: { keys: ['a-cookie-key-for-tests'] },
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: redirectUris,
        post_logout_redirect_uris: [new URL('/', redirectUri).href],
        backchannel_logout_uri: new URL('/api/v1/auth/oidc/backchannel-logout', redirectUri).href,
        backchannel_logout_session_required: true,
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale', 'zoneinfo', 'groups'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          ctx.body = form;
        },
      },
    },
    // Records back-channel calls instead of sending them.
    fetch: async (_url, options) => {
      if (options?.body instanceof URLSearchParams) logoutTokens.push(options.body.get('logout_token') ?? '');
      return new Response(null, { status: 200 });
    },
    interactions: { url: (_ctx, interaction) => `/test/interaction/${interaction.uid}` },
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 600, IdToken: 600 },
    findAccount: (_ctx, sub) => {
      const said = accounts.get(sub);
      return said && { accountId: sub, claims: async () => ({ ...said, sub }) };
    },
  });

  let present: { jwk: JWK; key: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'] };
  const rotateKeys = async (): Promise<void> => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const kid = uuidv7();
    present = { jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }, key: privateKey };
    publish();
  };
  const publish = (): void => {
    const provider = new Provider(issuer, configurationWith(present.jwk));
    const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const accountId = String(request.headers[accountHeader]);
      const { params } = await provider.interactionDetails(request, response);
      const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) });
      grant.addOIDCScope(String(params['scope']));
      const result = { login: { accountId }, consent: { grantId: await grant.save() } };
      await provider.interactionFinished(request, response, result);
    };
    const callback = provider.callback();
    serve = (request, response) => {
      if (request.url?.startsWith('/test/interaction/')) void interact(request, response);
      else {
        if (request.url === '/jwks') keysAskedFor += 1;
        void callback(request, response);
      }
    };
  };
  await rotateKeys();
  let browser = new Browser();

  return {
    settings: { key, name: `Issuer ${key}`, issuer, ...client, scopes: ['openid', 'email', 'profile'] },
    logoutTokens,
    get keysAskedFor() {
      return keysAskedFor;
    },
    async authorize(authorizationUrl, subject, claims) {
      accounts.set(subject, claims);
      browser = new Browser();
      return browser.leave(authorizationUrl, issuer, { [accountHeader]: subject });
    },
    async signOut(logoutUrl) {
      const page = await (await browser.open(logoutUrl)).text();
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
      const answer = await browser.open(`${issuer}/session/end/confirm`, {
        method: 'POST',
        body: new URLSearchParams({ xsrf, logout: 'yes' }),
      });
      return new URL(answer.headers.get('location') ?? '', issuer);
    },
    rotateKeys,
    allow(uri) {
      redirectUris.push(uri);
      publish();
    },
    sign: (payload, header = {}) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', typ: 'logout+jwt', kid: present.jwk.kid ?? '', ...header })
        .sign(present.key),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
