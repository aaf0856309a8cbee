import { defineRecord } from '../../records/index.ts';
import { userEvents } from '../user.events.ts';
import { OidcIdentity } from './identity.schema.ts';
import { installationRealm, userIdentityTable } from './oidc.entity.ts';
import { oidcErrors } from './oidc.errors.ts';

/** The organization's identity provider that has a realm; null for the realm of the installation. */
export const providerOfRealm = (realm: string): string | null => (realm === installationRealm ? null : realm);

/** Always name the user in a key: behind the identity door there is no wall. */
export const identities = defineRecord(userIdentityTable, {
  output: OidcIdentity,
  events: { created: userEvents.identity_linked, deleted: userEvents.identity_unlinked },
  about: 'userId',
  derived: ({ realm }) => ({ identityProviderId: providerOfRealm(realm) }),
  missing: oidcErrors.oidc_identity_not_found,
});
