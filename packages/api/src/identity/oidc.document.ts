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

/** Which issuer of an organization it is about. */
const provider: Json = {
  name: 'provider',
  in: 'path',
  required: true,
  description: 'The id of the identity provider.',
  schema: { type: 'string', format: 'uuid' },
};

const callback = (operationId: string, summary: string, path: readonly Json[]): Json => ({
  get: {
    operationId,
    tags: [oidcTag.name],
    summary,
    description:
      'The redirect URI to register at the issuer. The browser goes on to the `redirectTo` with which the sign-in began. Other parameters are ignored.',
    security: [],
    parameters: [
      ...path,
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
});

const backChannelLogout = (operationId: string, summary: string, path: readonly Json[]): Json => ({
  post: {
    operationId,
    tags: [oidcTag.name],
    summary,
    description: 'The back-channel logout URI to register at the issuer (OpenID Connect Back-Channel Logout 1.0).',
    security: [],
    ...(path.length > 0 && { parameters: path }),
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
});

/** What issuers call: described for who registers a client there. */
export const oidcPaths: Record<string, Json> = {
  [restPrefix + oidcRoutes.callback]: callback('auth.oidcCallback', 'Come back from an issuer', []),
  [`${restPrefix}${oidcRoutes.callback}/{provider}`]: callback(
    'auth.oidcProviderCallback',
    'Come back from an issuer of an organization',
    [provider],
  ),
  [restPrefix + oidcRoutes.backChannelLogout]: backChannelLogout(
    'auth.oidcBackChannelLogout',
    'End sessions that ended at their issuer',
    [],
  ),
  [`${restPrefix}${oidcRoutes.backChannelLogout}/{provider}`]: backChannelLogout(
    'auth.oidcProviderBackChannelLogout',
    'End sessions that ended at their issuer of an organization',
    [provider],
  ),
};
