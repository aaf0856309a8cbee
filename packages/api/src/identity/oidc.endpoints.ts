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

/** Below `/api/v1`. */
export const oidcRoutes = {
  callback: '/auth/oidc/callback',
  backChannelLogout: '/auth/oidc/backchannel-logout',
} as const;

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

  // A HEAD would take the answer from whom it is for.
  app.get(oidcRoutes.callback, { exposeHeadRoute: false }, async (request, reply) => {
    const query = new URL(request.url, 'http://tenon').searchParams;
    const state = one(query, 'state');
    if (state === undefined) throw missing('query', 'state');
    const answer = { state, code: one(query, 'code'), iss: one(query, 'iss'), error: one(query, 'error') };
    const location = await answerOidc(contextOf(request), answer, transportOf(request, reply));
    return reply.code(303).headers({ location, 'cache-control': 'no-store' }).send();
  });

  app.post(oidcRoutes.backChannelLogout, async (request, reply) => {
    const token = typeof request.body === 'string' ? one(new URLSearchParams(request.body), 'logout_token') : undefined;
    if (token === undefined) throw missing('body', 'logout_token');
    await endOidcSessions(contextOf(request), token);
    return reply.code(200).header('cache-control', 'no-store').send();
  });

  refuseOtherMethods(app, [
    { method: 'GET', url: oidcRoutes.callback },
    { method: 'POST', url: oidcRoutes.backChannelLogout },
  ]);
}
