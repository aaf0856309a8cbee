import type { OidcStart, OidcTransport } from '../identity/index.ts';
import type { Platform } from '../platform.ts';
import { startOidc } from '../tenancy/index.ts';
import type { TestClaims, TestIssuer } from './oidc-issuer.ts';
import { anonymous, fakeTransport } from './people.ts';

export interface FakeOidcTransport extends OidcTransport {
  refreshCookie: string | null;
  readonly cookies: (string | null)[];
  readonly bindings: Map<string, string>;
}

/** A browser that keeps what sign-ins are bound to it with, too. */
export function fakeOidcTransport(): FakeOidcTransport {
  const bindings = new Map<string, string>();
  return Object.assign(fakeTransport(), {
    bindings,
    oidcBinding: (flow: string) => bindings.get(flow) ?? null,
    setOidcBinding: (flow: string, binding: string | null) =>
      void (binding === null ? bindings.delete(flow) : bindings.set(flow, binding)),
  });
}

/** Begins a sign-in, and has somebody sign in at the issuer: answers what the browser brings back, and what binds it. */
export async function comeBack(
  platform: Platform,
  issuer: TestIssuer,
  subject: string,
  claims: TestClaims,
  options: Partial<OidcStart> & { transport?: OidcTransport; tamper?: (url: URL) => void } = {},
) {
  const { transport = fakeOidcTransport(), tamper, ...input } = options;
  const started = await startOidc(
    anonymous(platform),
    { issuer: issuer.settings.key, redirectTo: '/', tokenTransport: 'body', ...input },
    transport,
  );
  const url = new URL(started.authorizationUrl);
  tamper?.(url);
  const back = await issuer.authorize(url.href, subject, claims);
  const parameter = (name: string): string => back.searchParams.get(name) ?? '';
  return {
    url: back,
    binding: started.binding ?? '',
    answer: { state: parameter('state'), code: parameter('code'), iss: parameter('iss') },
  };
}
