import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf, newEmail, password } from '../../testing/people.ts';
import { addMembersAtOnce, type WholeMember } from './member.bulk.ts';
import { listMembers } from './member.queries.ts';
import { MemberListInput } from './member.schema.ts';

describe.each(dialects)('many members at once on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  const person = (status: WholeMember['status']): WholeMember => ({
    id: uuidv7(),
    email: newEmail(),
    fullName: 'Made Up',
    createdAt: '2026-01-01T00:00:00.000Z',
    status,
    role: { id: acme.roleIds.viewer, key: 'viewer' },
    teamId: null,
  });
  const listed = async (status: WholeMember['status']) => {
    const input = MemberListInput.parse({ organizationId: acme.id, status: [status] });
    return (await listMembers(acme.owner.ctx(), input)).data;
  };

  it('join with their status, and with a role unless they have left', async () => {
    const [suspended, ended] = [person('suspended'), person('ended')];
    await addMembersAtOnce(acme.owner.ctx(), [suspended, ended], password);

    expect(await listed('suspended')).toMatchObject([{ user: { id: suspended.id }, roles: [{ key: 'viewer' }] }]);
    expect(await listed('ended')).toMatchObject([{ user: { id: ended.id }, roles: [] }]);
  });

  it('are added only by those who may change members', async () => {
    const member = await acme.addMember('member');
    const before = await listed('active');

    expect(await codeOf(addMembersAtOnce(member.ctx(), [person('active')], password))).toBe('permission_denied');
    expect(await listed('active')).toEqual(before);
  });
});
