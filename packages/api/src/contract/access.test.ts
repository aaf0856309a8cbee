import { builtInRoleKeys, builtInRoles, type Permission } from '@tenon/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { casesWhere, scenes } from './testing/cases.ts';
import type { Person, Scene } from './testing/scene.ts';
import { type Fields, surfaces } from './testing/wire.ts';

const rolesWith = (permission: Permission) =>
  builtInRoleKeys.filter((role) => (builtInRoles[role].permissions as readonly Permission[]).includes(permission));

/** What no operation takes. */
const wrong = { thereIsNoSuchField: '1' };

/** Somebody new, who belongs to no organization. Answers their access token. */
async function signUp(by: Person): Promise<string> {
  const account = { email: 'outsider@example.com', password: 'correct horse battery' };
  const { verificationToken = '' } = await by.do('auth.register', account);
  await by.do('auth.verifyEmail', { token: verificationToken });
  return (await by.do('auth.login', { ...account, tokenTransport: 'body' })).accessToken;
}

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  let outsider: string;
  beforeAll(async () => {
    scene = await open();
    outsider = await signUp(scene.acme.people.owner);
  });
  afterAll(() => scene.dispose());

  describe.each(casesWhere(({ access }) => access !== 'public'))('%s', (name, one) => {
    it.each(surfaces.filter((surface) => surface === 'rest' || !one.operation.restOnly))(
      'refuses who is not signed in, before anything else, over %s',
      async (surface) => {
        const input = await one.input(scene.acme.people.owner, scene);
        const tokens = [null, 'nonsense', scene.acme.people.owner.token.replace(/.{6}$/, 'AAAAAA')];
        for (const token of tokens)
          for (const sent of [input, { ...input, ...wrong }])
            expect(await scene.call(surface, name, sent, { token })).toMatchObject({
              status: 401,
              headers: { 'www-authenticate': 'Bearer' },
              problem: { code: 'unauthenticated', status: 401 },
            });
      },
    );
  });

  describe.each(casesWhere(({ permission }) => permission !== null))('%s', (name, one) => {
    const permission = one.operation.permission as Permission;
    const able = rolesWith(permission);
    let input: Fields;
    beforeAll(async () => {
      input = await one.input(scene.acme.people.owner, scene);
    });

    it.each(builtInRoleKeys.filter((role) => !able.includes(role)))(
      `refuses a %s, naming ${permission}, before it looks at the input`,
      async (role) => {
        const person = scene.acme.people[role];
        const before = await scene.dump();
        for (const surface of surfaces)
          for (const sent of [input, { ...input, ...wrong }]) {
            const { status, problem } = await scene.callAs(person, surface, name, sent);
            expect({ status, problem }).toMatchObject({
              status: 403,
              problem: { code: 'permission_denied', permission, grantedBy: able },
            });
            expect(problem).not.toHaveProperty('errors');
          }
        expect(await scene.dump()).toEqual(before);
      },
    );

    it.each(able)('lets a %s', async (role) => {
      const person = scene.acme.people[role];
      const reply = await scene.callAs(person, 'rest', name, await one.input(person, scene));
      expect({ status: reply.status, problem: reply.problem }).toEqual({ status: one.operation.status, problem: null });
    });

    it('refuses who is a member of nothing', async () => {
      const code = one.operation.parameters.has('organizationId') ? 'organization_not_found' : 'no_organization';
      for (const surface of surfaces)
        expect(await scene.call(surface, name, input, { token: outsider })).toMatchObject({ problem: { code } });
    });
  });
});
