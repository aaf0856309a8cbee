import { answerOidc, endOidcSessions } from '@tenon/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Platform } from '../context.ts';
import { invalid, wrongField } from '../errors.ts';
import type { HttpTransport } from '../http/transport.ts';
import { refuseOtherMethods } from '../rest/binding.ts';

/*
 * What issuers call, in the form that OpenID Connect sets: a redirect of the browser with parameters of theirs, and a form. They are
 * no operations of the contract, which is strict about its input and answers JSON.
 */

/** Below `/api/v1`. Each issuer of an organization has its own of both: the same with the provider's id behind. */
export const oidcRoutes = {
  callback: '/auth/oidc/callback',
  backChannelLogout: '/auth/oidc/backchannel-logout',
} as const;

/** The route of every issuer: the installation's have no provider. */
const perIssuer = (route: string): string[] => [route, `${route}/:provider`];

interface OfIssuer {
  Params: { provider?: string };
}

/** The id in the path, as ids are compared. */
const providerIn = ({ params }: FastifyRequest<OfIssuer>): string | null => params.provider?.toLowerCase() ?? null;

const form = 'application/x-www-form-urlencoded';

/** Of what comes once only; issuers add what they like. */
const one = (values: URLSearchParams, name: string): string | undefined => values.get(name) || undefined;

const missing = (place: 'query' | 'body', name: string) =>
  invalid(wrongField(`/${place}/${name}`, 'It is missing.', 'invalid_type'));

export function mountOidcEndpoints(
  app: FastifyInstance,
  platform: Platform,
  transportOf: (request: FastifyRequest, reply: FastifyReply) => HttpTransport,
): void {
  const contextOf = ({ id: requestId, ip: address }: FastifyRequest) =>
    platform.context({ principal: null, requestId, address });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(form, { parseAs: 'string', bodyLimit: 64 * 1024 }, (_request, body, done) =>
    done(null, body),
  );

  const callback = async (request: FastifyRequest<OfIssuer>, reply: FastifyReply) => {
    const query = new URL(request.url, 'http://tenon').searchParams;
    const state = one(query, 'state');
    if (state === undefined) throw missing('query', 'state');
    const answer = { state, code: one(query, 'code'), iss: one(query, 'iss'), error: one(query, 'error') };
    const location = await answerOidc(contextOf(request), answer, transportOf(request, reply), providerIn(request));
    return reply.code(303).headers({ location, 'cache-control': 'no-store' }).send();
  };

  const backChannelLogout = async (request: FastifyRequest<OfIssuer>, reply: FastifyReply) => {
    const token = typeof request.body === 'string' ? one(new URLSearchParams(request.body), 'logout_token') : undefined;
    if (token === undefined) throw missing('body', 'logout_token');
    await endOidcSessions(contextOf(request), token, providerIn(request));
    return reply.code(200).header('cache-control', 'no-store').send();
  };

  // A HEAD would take the answer from whom it is for.
  for (const url of perIssuer(oidcRoutes.callback)) app.get<OfIssuer>(url, { exposeHeadRoute: false }, callback);
  for (const url of perIssuer(oidcRoutes.backChannelLogout)) app.post<OfIssuer>(url, backChannelLogout);

  refuseOtherMethods(app, [
    ...perIssuer(oidcRoutes.callback).map((url) => ({ method: 'GET' as const, url })),
    ...perIssuer(oidcRoutes.backChannelLogout).map((url) => ({ method: 'POST' as const, url })),
  ]);
}
