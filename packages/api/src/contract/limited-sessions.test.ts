import { limitedTokenOf } from '@tenon/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { Operation } from '../operation.ts';
import { casesWhere, scenes } from './testing/cases.ts';
import { changedTables } from './testing/compare.ts';
import { operations, type Person, type Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { surfacesOf } from './testing/wire.ts';

/*
 * Sessions that began at an issuer of an organization. Whoever manages that issuer can obtain such a session for any account that
 * is linked to it. So the session must not reach the account itself, or anything beyond the organization.
 */

const named = (matches: (operation: Operation) => boolean) =>
  [...operations]
    .filter(([, operation]) => matches(operation))
    .map(([name]) => name)
    .toSorted();

describe('a session that is limited to one organization', () => {
  it('may call only these operations that need no permission', () => {
    const signed = ({ access }: Operation) => access !== 'public' && access !== 'permission';
    expect(named((operation) => operation.limitedSession && signed(operation))).toEqual([
      'access.explain',
      'access.me',
      'auth.me',
      'jobs.get',
      'notifications.list',
      'notifications.markAllRead',
      'notifications.markRead',
      'notifications.unreadCount',
      'users.getAvatar',
      'users.me',
    ]);
  });

  it('may call every operation that needs a permission', () => {
    expect(named(({ access, limitedSession }) => !limitedSession && access === 'permission')).toEqual([]);
  });
});

describe.each(scenes)('on %s, a session that is limited to one organization', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  let token: string;
  useScene(open, (opened) => ({ scene, owner } = opened));
  afterEach(() => scene.settle(false));

  /** Opens a new session. Some samples end every session of their caller. */
  const renew = async () => {
    token = await limitedTokenOf(scene.platform, owner.userId, scene.acme.id);
  };
  const signed = casesWhere(({ access }) => access !== 'public');

  it.each(signed.filter(([, { operation }]) => !operation.limitedSession))('is refused by %s', async (name, one) => {
    const input = await one.input(owner, scene);
    await renew();
    const before = await scene.fingerprints();
    for (const surface of surfacesOf(one.operation))
      for (const sent of [input, { ...input, thereIsNoSuchField: '1' }])
        expect(await scene.call(surface, name, sent, { token })).toMatchObject({
          status: 403,
          problem: { code: 'session_limited' },
        });
    expect(changedTables(before, await scene.fingerprints())).toEqual([]);
  });

  it.each(signed.filter(([, { operation }]) => operation.limitedSession))('calls %s', async (name, one) => {
    for (const surface of surfacesOf(one.operation)) {
      const input = await one.input(owner, scene);
      await renew();
      expect((await scene.call(surface, name, input, { token })).problem).toBeNull();
    }
  });

  it.each(signed.filter(([, { operation }]) => operation.limitedSession && operation.organization !== 'none'))(
    'finds no other organization by %s',
    async (name, one) => {
      const input = await one.input(owner, scene);
      await renew();
      // The caller gets the same answer as a stranger, even for an organization that they belong to.
      const inPath = one.operation.parameters.has('organizationId');
      for (const surface of surfacesOf(one.operation)) {
        const sent = inPath ? { ...input, organizationId: scene.other.id } : input;
        const headers: Record<string, string> = inPath ? {} : { 'x-organization-id': scene.other.slug };
        expect(await scene.call(surface, name, sent, { token, headers })).toMatchObject({
          status: 404,
          problem: { code: 'organization_not_found' },
        });
      }
    },
  );
});
