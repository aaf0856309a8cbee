import type { Platform } from '../platform.ts';
import { IdentityProviderCreate } from '../tenancy/identity-providers/identity-provider.schema.ts';
import { createIdentityProvider } from '../tenancy/identity-providers/identity-provider.service.ts';
import { finishOidc } from '../tenancy/identity-providers/sign-in.service.ts';
import { comeBack, fakeOidcTransport } from './oidc-client.ts';
import type { TestClaims, TestIssuer } from './oidc-issuer.ts';
import { anonymous } from './people.ts';
import type { TestOrganization } from './platform.ts';

/** Adds a test issuer to an organization as its own identity provider. */
export async function ownIssuer(
  { owner }: Pick<TestOrganization, 'owner'>,
  issuer: TestIssuer,
  fields: Partial<IdentityProviderCreate> = {},
) {
  const { key: _key, name: label, ...client } = issuer.settings;
  const input = IdentityProviderCreate.parse({ label, ...client, scopes: [...client.scopes], ...fields });
  const provider = await createIdentityProvider(owner.ctx(), input);
  issuer.allow(provider.redirectUri);
  return provider;
}

/** Signs in at an organization's issuer, as a client that gets its secrets in the body. */
export async function signInAt(
  platform: Platform,
  issuer: TestIssuer,
  provider: { id: string },
  subject: string,
  claims: TestClaims,
) {
  const { answer, binding } = await comeBack(platform, issuer, subject, claims, { issuer: provider.id });
  return finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport());
}
