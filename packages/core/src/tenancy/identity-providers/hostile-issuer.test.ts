import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createOrganization,
  createTestPlatform,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { fakeOidcTransport } from '../../testing/oidc-client.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { IdentityProviderCreate } from './identity-provider.schema.ts';
import { createIdentityProvider } from './identity-provider.service.ts';
import { startOidc } from './sign-in.service.ts';

/*
 * Whoever owns an organization writes what its issuer says. Whatever that is, it is refused as a problem, and no browser is sent to it.
 */
describe('an issuer that says strange things of itself', () => {
  let server: Server;
  let issuer: string;
  let said: Record<string, unknown>;
  let platform: TestPlatform;
  let acme: TestOrganization;
  let clients = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/elsewhere') return void response.writeHead(302, { location: '/jwks' }).end();
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
    platform = await createTestPlatform('sqlite', { settings: { organizationIssuersInPrivateNetworks: true } });
    acme = await createOrganization(platform);
  });
  afterAll(async () => {
    await platform.dispose();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const begin = async (more: Record<string, unknown>) => {
    said = { issuer, authorization_endpoint: `${issuer}/auth`, jwks_uri: `${issuer}/jwks`, ...more };
    // Each has a client of its own, so that none is remembered.
    const clientId = `client ${++clients}`;
    const input = IdentityProviderCreate.parse({ label: 'Strange', issuer, clientId });
    const { id } = await createIdentityProvider(acme.owner.ctx(), input);
    const start = { issuer: id, redirectTo: '/', tokenTransport: 'body' } as const;
    return codeOf(startOidc(anonymous(platform), start, fakeOidcTransport()));
  };

  it('is taken at its word where that makes sense', async () => expect(await begin({})).toBe('passed'));

  it.each([
    ['no place to sign in', { authorization_endpoint: undefined }],
    ['a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['no address', { authorization_endpoint: 'nowhere' }],
    ['a number', { authorization_endpoint: 7 }],
    ['no keys', { jwks_uri: undefined }],
    ['keys at no address', { jwks_uri: 'nowhere' }],
    ['another name', { issuer: 'https://accounts.google.com' }],
  ])('cannot be reached when it names %s', async (_what, more) => {
    expect(await begin(more)).toBe('oidc_issuer_unavailable');
  });
});
