import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestIssuer, type TestIssuer } from '../packages/core/src/testing/index.ts';
import { createTenon, memorySession, UnauthenticatedError } from '../packages/sdk/src/index.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let issuer: TestIssuer;
let server: RunningTenon;

beforeAll(async () => {
  directory = temporaryDirectory();
  issuer = await startTestIssuer();
  server = await startServer({
    DATA_DIR: directory.path,
    PUBLIC_URL: 'http://localhost:8000',
    OIDC_LOCAL_ISSUER: issuer.settings.issuer,
    OIDC_LOCAL_CLIENT_ID: issuer.settings.clientId,
    OIDC_LOCAL_CLIENT_SECRET: issuer.settings.clientSecret ?? '',
    OIDC_LOCAL_LABEL: 'The issuer',
  });
});
afterAll(async () => {
  await server?.kill('SIGKILL');
  await issuer?.stop();
  directory.remove();
});

it('signs a program in and out at an issuer from the environment', async () => {
  const session = memorySession();
  const tenon = createTenon({ baseUrl: server.url, session });
  const { data } = await tenon.auth.listOidcIssuers();
  expect(data).toEqual([{ id: 'local', name: 'The issuer', issuer: issuer.settings.issuer }]);

  const started = await tenon.auth.startOidc({ issuer: 'local', redirectTo: 'http://127.0.0.1:50000/' });
  const claims = { email: 'robin@example.com', email_verified: true, name: 'Robin Fletcher' };
  const back = await issuer.authorize(started.authorizationUrl, 'robin', claims);
  const answer = await fetch(`${server.url}${back.pathname}${back.search}`, { redirect: 'manual' });
  const location = new URL(answer.headers.get('location') ?? '');
  expect(location.origin).toBe('http://127.0.0.1:50000');
  const parameter = (name: string): string => location.searchParams.get(name) ?? '';
  await tenon.auth.finishOidc({
    state: parameter('state'),
    code: parameter('code'),
    iss: parameter('iss'),
    binding: started.binding ?? '',
  });
  expect((await tenon.auth.me()).user).toMatchObject({ email: 'robin@example.com', fullName: 'Robin Fletcher' });

  const { logoutUrl } = await tenon.auth.logoutOidc({});
  expect((await issuer.signOut(logoutUrl ?? '')).href).toBe('http://localhost:8000/');
  expect(await session.get()).toBeNull();
  await expect(tenon.auth.me()).rejects.toBeInstanceOf(UnauthenticatedError);
});
