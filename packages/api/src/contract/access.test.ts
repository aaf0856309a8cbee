import { builtInRoleKeys, builtInRoles, instancePermission, type Permission } from '@tenon/core';
import { accessTokenOf } from '@tenon/core/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { casesWhere, scenes } from './testing/cases.ts';
import { changedTables } from './testing/compare.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { type Fields, surfacesOf } from './testing/wire.ts';

const rolesWith = (permission: Permission) =>
  builtInRoleKeys.filter((role) => (builtInRoles[role].permissions as readonly Permission[]).includes(permission));

/** A field that no operation takes. */
const wrong = { thereIsNoSuchField: '1' };

/** Registers somebody who belongs to no organization. Answers their access token. */
async function signUp(by: Person): Promise<string> {
  const account = { email: 'outsider@example.com', password: 'correct horse battery' };
  const { verificationToken = '' } = await by.do('auth.register', account);
  await by.do('auth.verifyEmail', { token: verificationToken });
  return (await by.do('auth.login', { ...account, tokenTransport: 'body' })).accessToken;
}

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  let outsider: string;
  let withoutRole: string;
  useScene(open, async (opened) => {
    ({ scene } = opened);
    withoutRole = await accessTokenOf(scene.platform, await scene.acme.addMember());
    outsider = await signUp(scene.acme.people.owner);
  });

  describe.each(casesWhere(({ access }) => access !== 'public'))('%s', (name, one) => {
    const refused = { status: 401, headers: { 'www-authenticate': 'Bearer' }, problem: { code: 'unauthenticated' } };

    it.each(surfacesOf(one.operation))('answers 401 to an anonymous caller over %s', async (surface) => {
      const input = await one.input(scene.acme.people.owner, scene);
      expect(await scene.call(surface, name, input)).toMatchObject(refused);
    });

    it.each(surfacesOf(one.operation))('answers 401 over %s before it checks anything else', async (surface) => {
      const parameters = Object.fromEntries([...one.operation.parameters].map((parameter) => [parameter, 'nothing']));
      for (const token of [null, 'nonsense', scene.acme.people.owner.token.replace(/.{6}$/, 'AAAAAA')])
        expect(await scene.call(surface, name, { ...parameters, ...wrong }, { token })).toMatchObject(refused);
    });
  });

  describe.each(casesWhere(({ access }) => access === 'instance'))('%s', (name, one) => {
    let input: Fields;
    beforeAll(async () => {
      input = await one.input(scene.acme.people.owner, scene);
    });
    const refused = {
      status: 403,
      problem: { code: 'permission_denied', permission: instancePermission, grantedBy: [] },
    };

    it.each(builtInRoleKeys)('refuses a %s of an organization, whatever they send', async (role) => {
      const { token } = scene.acme.people[role];
      const before = await scene.fingerprints();
      for (const surface of surfacesOf(one.operation))
        for (const sent of [input, { ...input, ...wrong }])
          expect(await scene.call(surface, name, sent, { token })).toMatchObject(refused);
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    });

    it('lets administrators of the instance call it', async () => {
      const owner = scene.acme.people.owner;
      for (const surface of surfacesOf(one.operation)) {
        const reply = await scene.callAs(owner, surface, name, await one.input(owner, scene));
        expect(reply.problem).toBeNull();
      }
    });
  });

  describe.each(casesWhere(({ permission }) => permission !== null))('%s', (name, one) => {
    const permission = one.operation.permission as Permission;
    const able = rolesWith(permission);
    let input: Fields;
    beforeAll(async () => {
      input = await one.input(scene.acme.people.owner, scene);
    });

    const unable = builtInRoleKeys.filter((role) => !able.includes(role));
    // Custom roles may grant the permission too, so this only has to contain the built-in ones.
    const grantedBy = expect.arrayContaining(able) as string[];
    const refused = { status: 403, problem: { code: 'permission_denied', permission, grantedBy } };

    it.each(unable)(`refuses a %s, naming ${permission}`, async (role) => {
      const before = await scene.fingerprints();
      for (const surface of surfacesOf(one.operation))
        expect(await scene.callAs(scene.acme.people[role], surface, name, input)).toMatchObject(refused);
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    });

    it.each(unable)('refuses a %s before it looks at the input', async (role) => {
      for (const surface of surfacesOf(one.operation)) {
        const reply = await scene.callAs(scene.acme.people[role], surface, name, { ...input, ...wrong });
        expect(reply).toMatchObject(refused);
        expect(reply.problem).not.toHaveProperty('errors');
      }
    });

    it(`refuses a member without any role, naming ${permission}`, async () => {
      for (const surface of surfacesOf(one.operation))
        expect(await scene.call(surface, name, input, { token: withoutRole })).toMatchObject(refused);
    });

    it.each(able)('lets a %s call it', async (role) => {
      const person = scene.acme.people[role];
      const reply = await scene.callAs(person, 'rest', name, await one.input(person, scene));
      expect({ status: reply.status, problem: reply.problem }).toEqual({ status: one.operation.status, problem: null });
    });

    it('refuses a user without any membership', async () => {
      const code = one.operation.parameters.has('organizationId') ? 'organization_not_found' : 'no_organization';
      for (const surface of surfacesOf(one.operation))
        expect(await scene.call(surface, name, input, { token: outsider })).toMatchObject({ problem: { code } });
    });
  });
});
