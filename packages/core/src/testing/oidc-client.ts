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

/** A browser that also keeps the cookies that bind sign-ins to it. */
export function fakeOidcTransport(): FakeOidcTransport {
  const bindings = new Map<string, string>();
  return Object.assign(fakeTransport(), {
    bindings,
    oidcBinding: (flow: string) => bindings.get(flow) ?? null,
    setOidcBinding: (flow: string, binding: string | null) =>
      void (binding === null ? bindings.delete(flow) : bindings.set(flow, binding)),
  });
}

/** Starts a sign-in and signs somebody in at the issuer. Answers what the browser brings back, and the binding. */
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
