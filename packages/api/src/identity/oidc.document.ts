import type { Json } from '../rest/json-schema.ts';
import { responseName } from '../rest/openapi-components.ts';
import { restPrefix } from '../rest/answer.ts';
import { oidcRoutes } from './oidc.endpoints.ts';

export const oidcTag = { name: 'OpenID Connect', description: 'Signing in and out at an issuer of identities.' };

const problem = (status: number, ...codes: string[]): Json => ({
  $ref: `#/components/responses/${responseName(status)}`,
  description: codes.map((code) => `\`${code}\``).join(', '),
});

const headers = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };

const parameter = (name: string, required: boolean, description: string): Json => ({
  name,
  in: 'query',
  required,
  description,
  schema: { type: 'string' },
});

/** What issuers call: described for who registers a client there. */
export const oidcPaths: Record<string, Json> = {
  [restPrefix + oidcRoutes.callback]: {
    get: {
      operationId: 'auth.oidcCallback',
      tags: [oidcTag.name],
      summary: 'Come back from an issuer',
      description:
        'The redirect URI to register at the issuer. The browser goes on to the `redirectTo` with which the sign-in began. Other parameters are ignored.',
      security: [],
      parameters: [
        parameter('state', true, 'From `auth.startOidc`.'),
        parameter('code', false, 'Absent when the issuer refused.'),
        parameter('iss', false, 'The issuer, by RFC 9207.'),
        parameter('error', false, 'Why the issuer refused.'),
      ],
      responses: {
        303: {
          description: 'Where the browser goes.',
          headers: { ...headers, Location: { description: 'Its address.', schema: { type: 'string' } } },
        },
        400: problem(400, 'validation_failed', 'oidc_state_invalid'),
        503: problem(503, 'database_busy', 'database_unavailable'),
        default: problem(500, 'internal'),
      },
    },
  },
  [restPrefix + oidcRoutes.backChannelLogout]: {
    post: {
      operationId: 'auth.oidcBackChannelLogout',
      tags: [oidcTag.name],
      summary: 'End sessions that ended at their issuer',
      description: 'The back-channel logout URI to register at the issuer (OpenID Connect Back-Channel Logout 1.0).',
      security: [],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: { type: 'object', properties: { logout_token: { type: 'string' } }, required: ['logout_token'] },
          },
        },
      },
      responses: {
        200: { description: 'The sessions are over.', headers },
        400: problem(400, 'validation_failed', 'logout_token_invalid'),
        413: problem(413, 'payload_too_large'),
        415: problem(415, 'unsupported_media_type'),
        500: problem(500, 'internal'),
        503: problem(503, 'oidc_issuer_unavailable', 'database_busy', 'database_unavailable'),
      },
    },
  },
};
