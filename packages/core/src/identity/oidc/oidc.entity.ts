import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';
import { ownedBySession } from '../session.entity.ts';
import { ownedByUser } from '../user.entity.ts';

/**
 * A started sign-in that has not returned from its issuer. The state and the binding are hashed, and nonce and PKCE verifier are
 * derived from the state, so nobody can finish a sign-in with a copy of this table.
 */
export const OidcFlowEntity = defineEntity({
  name: 'OidcFlow',
  tableName: 'oidc_flows',
  properties: {
    /** SHA-256 of the state, base64url. */
    stateHash: p.string().primary(),
    /** SHA-256 of the secret that binds the sign-in to its client, base64url. */
    bindingHash: p.string(),
    /** The id of the issuer, as the API names it. */
    issuerRef: p.string(),
    /** Where the browser goes in the end, checked when the sign-in started. */
    redirectTo: p.text(),
    /** Whether the client gets its secrets in cookies or in the body. */
    transport: p.enum(['cookie', 'body']),
    deviceId: p.string().nullable(),
    /** The session that links an identity; null when the user signs in. Not a foreign key, because the session may end first. */
    sessionId: id().nullable(),
    createdAt: instant(),
    expiresAt: instant(),
  },
  indexes: [{ properties: ['expiresAt'] }],
});

/** The realm of identities at the issuers of the installation. */
export const installationRealm = 'installation';

/** A user's identity at an issuer. */
export const UserIdentityEntity = defineEntity({
  name: 'UserIdentity',
  tableName: 'user_identities',
  properties: {
    id: id().primary(),
    userId: id(),
    /** Who chose the issuer: `installation`, or the id of an organization's identity provider. It speaks for its realm alone. */
    realm: p.string().default(installationRealm),
    issuer: p.text(),
    subject: p.text(),
    createdAt: instant(),
    lastUsedAt: instant(),
    /** Since when it is disabled: a change of the address that came before it was undone. Null: it works. */
    disabledAt: instant().nullable(),
  },
  uniques: [{ properties: ['realm', 'issuer', 'subject'] }],
  indexes: [{ properties: ['userId'] }],
});

/** The session at the issuer from which one of our sessions started, so that both can end together. */
export const OidcSessionEntity = defineEntity({
  name: 'OidcSession',
  tableName: 'oidc_sessions',
  properties: {
    sessionId: id().primary(),
    userId: id(),
    /** The id of the issuer, as the API names it. */
    issuerRef: p.string(),
    issuer: p.text(),
    subject: p.text(),
    /** The issuer's own session, if it names one. */
    sid: p.text().nullable(),
  },
  indexes: [{ properties: ['issuer', 'subject'] }, { properties: ['issuerRef'] }],
});

/** A used logout token, kept until it would have expired, so that it works once. */
export const OidcLogoutTokenEntity = defineEntity({
  name: 'OidcLogoutToken',
  tableName: 'oidc_logout_tokens',
  properties: {
    /** SHA-256 of issuer and token id, base64url. */
    hash: p.string().primary(),
    expiresAt: instant(),
  },
  indexes: [{ properties: ['expiresAt'] }],
});

export const userIdentityTable = defineTable(UserIdentityEntity, ownedByUser);

export const oidcTables = [
  defineTable(OidcFlowEntity, { kind: 'system', identityDoor: true }),
  userIdentityTable,
  defineTable(OidcSessionEntity, ownedBySession),
  defineTable(OidcLogoutTokenEntity, { kind: 'system', identityDoor: true }),
];
