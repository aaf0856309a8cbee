import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createOrganization,
  createTestPlatform,
  deactivate,
  dialects,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf } from '../../testing/people.ts';
import { jobPrincipal } from './job-principal.ts';

describe.each(dialects)('the starter of a job on %s', (dialect) => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());

  it('acts as they may now, until their account is deactivated', async () => {
    const acme = await createOrganization(platform);
    const { userId } = await acme.addMember('manager');
    const starter = { userId, apiKeyId: null, at: platform.clock.now() };
    const load = () => jobPrincipal(platform.context({ principal: null }), { starter, organizationId: acme.id });

    expect(await load()).toMatchObject({ userId, organizationId: acme.id, grants: [{ roleKey: 'manager' }] });
    await deactivate(platform, userId);
    expect(await codeOf(load())).toBe('permission_denied');
  });
});
