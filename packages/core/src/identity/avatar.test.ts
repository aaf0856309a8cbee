import { readFileSync, utimesSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { FileDownload } from '../files/index.ts';
import { enqueue } from '../jobs/index.ts';
import {
  getOrganization,
  getOrganizationAvatar,
  removeOrganizationAvatar,
  setOrganizationAvatar,
} from '../tenancy/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  storedFiles,
  testFile,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { anonymous } from '../testing/people.ts';
import { getCurrentUser, getUserAvatar, removeOwnAvatar, setOwnAvatar, updateCurrentUser } from './index.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
/** A person outside of any organization, as for everything that concerns an account. */
const alone = (platform: TestPlatform, { principal }: TestMember) =>
  platform.context({ principal: { ...principal, organizationId: null, grants: [] } });

const picture = (content: Buffer = png) => testFile(content, { name: 'me.png' });
const day = 86_400_000;

const contentOf = async ({ content }: FileDownload): Promise<Buffer> => {
  if ('location' in content) throw new Error('A folder serves nothing itself.');
  return buffer(content.read());
};

describe.each(dialects)('pictures on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let owner: TestMember;
  let member: TestMember;
  let stranger: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    ({ owner } = acme);
    member = await acme.addMember('member');
    stranger = (await createOrganization(platform, 'Other')).owner;
  });
  afterAll(() => platform.dispose());

  const sweep = async () => {
    for (const path of storedFiles(platform))
      utimesSync(path, (Date.now() - 2 * day) / 1000, (Date.now() - 2 * day) / 1000);
    await writeThroughSystemDoor(anonymous(platform), async (unit) => {
      for (const kind of ['user_avatars.sweep', 'organization_avatars.sweep']) await enqueue(unit, kind, {});
    });
    await platform.runDueJobs();
  };

  it('of a person are seen by whoever may read the person', async () => {
    const { avatarUrl } = await setOwnAvatar(alone(platform, member), picture());
    expect(avatarUrl).toBe(`http://localhost:8000/api/v1/users/${member.userId}/avatar`);
    expect((await getCurrentUser(alone(platform, member))).avatarUrl).toBe(avatarUrl);
    for (const reader of [member, owner]) {
      const download = await getUserAvatar(reader.ctx(), { userId: member.userId });
      expect(download).toMatchObject({ mediaType: 'image/png', size: png.length });
      expect((await contentOf(download)).equals(png)).toBe(true);
    }
    for (const userId of [stranger.userId, randomUUID()])
      await expect(getUserAvatar(owner.ctx(), { userId })).rejects.toMatchObject({ code: 'avatar_not_found' });
    await expect(getUserAvatar(stranger.ctx(), { userId: member.userId })).rejects.toMatchObject({
      code: 'avatar_not_found',
    });
  });

  it('of a person can be replaced and removed, and an address elsewhere takes their place', async () => {
    await setOwnAvatar(alone(platform, member), picture());
    await setOwnAvatar(alone(platform, member), picture(gif));
    expect(await getUserAvatar(member.ctx(), member)).toMatchObject({ mediaType: 'image/gif' });
    await updateCurrentUser(alone(platform, member), { avatarUrl: 'https://example.com/me.png' });
    await expect(getUserAvatar(member.ctx(), member)).rejects.toMatchObject({ code: 'avatar_not_found' });
    await setOwnAvatar(alone(platform, member), picture());
    await updateCurrentUser(alone(platform, member), { fullName: 'Robin' });
    expect(await getUserAvatar(member.ctx(), member)).toMatchObject({ mediaType: 'image/png' });
    await removeOwnAvatar(alone(platform, member));
    expect((await getCurrentUser(alone(platform, member))).avatarUrl).toBeNull();
    await expect(getUserAvatar(member.ctx(), member)).rejects.toMatchObject({ code: 'avatar_not_found' });
  });

  it('of an organization are set by whoever may change it, and seen by its members', async () => {
    const before = await getOrganization(owner.ctx());
    await expect(setOrganizationAvatar(member.ctx(), {}, picture())).rejects.toMatchObject({
      code: 'permission_denied',
    });
    const after = await setOrganizationAvatar(owner.ctx(), {}, picture());
    expect(after).toMatchObject({
      avatarUrl: `http://localhost:8000/api/v1/organizations/${acme.id}/avatar`,
      version: before.version + 1,
    });
    expect((await contentOf(await getOrganizationAvatar(member.ctx()))).equals(png)).toBe(true);
    const stale = setOrganizationAvatar(owner.ctx({ ifMatch: before.version }), {}, picture(gif));
    await expect(stale).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await getOrganizationAvatar(owner.ctx())).toMatchObject({ mediaType: 'image/png' });
    await removeOrganizationAvatar(owner.ctx());
    await expect(getOrganizationAvatar(member.ctx())).rejects.toMatchObject({ code: 'avatar_not_found' });
  });

  it('are pictures, of at most 2 MB', async () => {
    for (const content of [Buffer.from('<svg/>'), Buffer.from('hello'), Buffer.from('%PDF-1.7\n')])
      await expect(setOwnAvatar(alone(platform, member), picture(content))).rejects.toMatchObject({
        code: 'media_type_refused',
      });
    const large = Buffer.concat([png, Buffer.alloc(2 * 1024 * 1024)]);
    await expect(setOwnAvatar(alone(platform, member), picture(large))).rejects.toMatchObject({
      code: 'payload_too_large',
    });
  });

  it('that were replaced or removed are swept', async () => {
    await setOwnAvatar(alone(platform, owner), picture(gif));
    await setOwnAvatar(alone(platform, owner), picture());
    await setOrganizationAvatar(owner.ctx(), {}, picture());
    await sweep();
    const kept = storedFiles(platform);
    expect(kept).toHaveLength(2);
    for (const path of kept) expect(readFileSync(path).equals(png)).toBe(true);
  });
});
