import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf } from '../../../e2e/support/authenticator-app.ts';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { registerOwner } from '../testing/people.ts';
import { present, thrownBy } from '../testing/world.ts';
import { createTenon, memorySession, PermissionDeniedError, UnauthenticatedError } from './index.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
});
afterAll(async () => {
  await server?.kill('SIGKILL');
  directory.remove();
});

test('a login that asks for a second factor is finished by one more call', async () => {
  const { login, password } = await registerOwner(createTenon({ baseUrl: server.url }));
  const first = createTenon({ baseUrl: server.url });
  await first.auth.login({ login, password });
  const { secret, uri } = await first.auth.startTotp({ password });
  expect(uri).toContain(secret);
  const { recoveryCodes } = await first.auth.confirmTotp({ code: codeOf(secret, -1) });
  expect(await first.auth.getSecondFactor()).toMatchObject({ recoveryCodesLeft: 10, passkeys: 0 });

  const session = memorySession();
  const tenon = createTenon({ baseUrl: server.url, session });
  const asked = await thrownBy(tenon.auth.login({ login, password }));
  if (!(asked instanceof PermissionDeniedError)) throw asked;
  expect(asked).toMatchObject({
    code: 'second_factor_required',
    challenge: { methods: expect.arrayContaining(['totp']) },
  });
  expect(await session.get()).toBeNull();
  const { token: challengeToken } = present(asked.challenge);

  const wrong = await thrownBy(tenon.auth.verifySecondFactor({ challengeToken, recoveryCode: 'nonsense' }));
  expect(wrong).toBeInstanceOf(UnauthenticatedError);
  expect(wrong).toMatchObject({ code: 'second_factor_failed', challenge: null });

  const { user } = await tenon.auth.verifySecondFactor({ challengeToken, code: codeOf(secret) });
  expect(user.email).toBe(login);
  expect((await tenon.auth.me()).user.id).toBe(user.id);

  await tenon.auth.disableTotp({ code: codeOf(secret, 1) });
  expect(await tenon.auth.getSecondFactor()).toEqual({
    totpEnabledAt: null,
    totpDisabledAt: null,
    recoveryCodesLeft: 0,
    passkeys: 0,
  });
  expect(recoveryCodes).toHaveLength(10);
});
