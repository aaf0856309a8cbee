import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { ownedBySession } from '../session.entity.ts';
import { ownedByUser } from '../user.entity.ts';

/**
 * A sign-in that was begun and has not come back from its issuer. Neither the state nor what binds it to its client stands here
 * in the clear, and nonce and PKCE verifier are derived from the state, so that a copy of the table finishes no sign-in.
 */
export const OidcFlowEntity = defineEntity({
  name: 'OidcFlow',
  tableName: 'oidc_flows',
  properties: {
    /** SHA-256 of the state, base64url. */
    stateHash: p.string().primary(),
    /** SHA-256 of the secret that the client who began it holds, base64url. */
    bindingHash: p.string(),
    /** The id of the issuer, as the API names it. */
    issuerRef: p.string(),
    /** Where the browser goes in the end: checked when the sign-in began. */
    redirectTo: p.text(),
    /** Whether the client keeps its secrets in cookies or takes them in the body. */
    transport: p.enum(['cookie', 'body']),
    deviceId: p.string().nullable(),
    /** The session of who links the identity to their account; null where somebody signs in. Not a reference: it may end before. */
    sessionId: id().nullable(),
    createdAt: instant(),
    expiresAt: instant(),
  },
  indexes: [{ properties: ['expiresAt'] }],
});

/** What the identities at all issuers of the installation have as their realm. */
export const installationRealm = 'installation';

/** Who a user is at an issuer. */
export const UserIdentityEntity = defineEntity({
  name: 'UserIdentity',
  tableName: 'user_identities',
  properties: {
    id: id().primary(),
    userId: id(),
    /** Who has chosen the issuer: `installation`, or the id of an organization's identity provider. Neither speaks for another. */
    realm: p.string().default(installationRealm),
    issuer: p.text(),
    subject: p.text(),
    createdAt: instant(),
    lastUsedAt: instant(),
  },
  uniques: [{ properties: ['realm', 'issuer', 'subject'] }],
  indexes: [{ properties: ['userId'] }],
});

/** Which session at the issuer a session of ours came from, so that both can end together. */
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
    /** The issuer's own session, when it names one. */
    sid: p.text().nullable(),
  },
  indexes: [{ properties: ['issuer', 'subject'] }, { properties: ['issuerRef'] }],
});

/** A logout token that was obeyed, until it would have expired: each is good for once. */
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

declare module '../../database/schema.ts' {
  interface Tables {
    oidc_flows: Columns<typeof OidcFlowEntity>;
    user_identities: Columns<typeof UserIdentityEntity>;
    oidc_sessions: Columns<typeof OidcSessionEntity>;
    oidc_logout_tokens: Columns<typeof OidcLogoutTokenEntity>;
  }
}

export const oidcTables = [
  defineTable(OidcFlowEntity, { kind: 'system', identityDoor: true }),
  defineTable(UserIdentityEntity, ownedByUser),
  defineTable(OidcSessionEntity, ownedBySession),
  defineTable(OidcLogoutTokenEntity, { kind: 'system', identityDoor: true }),
];
