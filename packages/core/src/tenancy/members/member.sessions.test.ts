import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accessTokenOf,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf, contextOf } from '../../testing/people.ts';
import { endMemberSessions } from './member.service.ts';

describe.each(dialects)('cutting the sessions of a member off on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const here = (token: string, organizationId: string) =>
    codeOf(contextOf(platform, token, 'required', { path: organizationId }));
  const anOrganization = async () => {
    const organization = await createOrganization(platform);
    const [admin, member] = [await organization.addMember('admin'), await organization.addMember('member')];
    const token = await accessTokenOf(platform, member);
    const cut = (by = admin, userId = member.userId) =>
      endMemberSessions(by.ctx(), { organizationId: organization.id, userId });
    return { organization, admin, member, token, cut };
  };

  it('ends what they have there until they sign in again', async () => {
    const { organization, member, token, cut } = await anOrganization();
    clock.advance(1000);
    expect(await here(token, organization.id)).toBe('passed');

    await cut();

    expect(await here(token, organization.id)).toBe('session_cut_off');
    expect(await codeOf(contextOf(platform, token, 'required'))).toBe('session_cut_off');
    clock.advance(1);
    expect(await here(await accessTokenOf(platform, member), organization.id)).toBe('passed');
    expect(await here(token, organization.id)).toBe('session_cut_off');
  });

  it('leaves them what needs no organization', async () => {
    const { token, cut } = await anOrganization();
    await cut();

    expect((await contextOf(platform, token, 'none')).principal).not.toBeNull();
    expect((await contextOf(platform, token, 'optional')).principal).toMatchObject({
      organizationId: null,
      grants: [],
    });
  });

  it('leaves everybody else there alone', async () => {
    const { organization, admin, cut } = await anOrganization();
    const others = [admin, organization.owner, await organization.addMember('member')];
    const tokens = await Promise.all(others.map((other) => accessTokenOf(platform, other)));
    await cut();

    for (const token of tokens) expect(await here(token, organization.id)).toBe('passed');
  });

  it('is for those who may change members, and never beyond what they hold', async () => {
    const { organization, admin, cut } = await anOrganization();

    expect(await codeOf(cut(await organization.addMember('manager')))).toBe('permission_denied');
    expect(await codeOf(cut(admin, organization.owner.userId))).toBe('role_exceeds_own');
    const stranger = await createOrganization(platform);
    expect(await codeOf(cut(stranger.owner))).toBe('member_not_found');
  });
});
