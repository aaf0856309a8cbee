import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MutationRequest } from '../kernel/mutation.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestPlatform,
} from '../testing/index.ts';
import { claimKey } from './idempotency.ts';
import { mutate } from './unit-of-work.ts';

describe.each(dialects)('the answers that idempotency keys keep on %s', (dialect) => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());

  it('are those of one key, one operation, one user and one organization', async () => {
    const [acme, other] = [await createOrganization(platform), await createOrganization(platform)];
    const first = { procedure: 'tags.create', idempotencyKey: 'first' };
    const requests: readonly [TestMember, Partial<MutationRequest>][] = [
      [acme.owner, first],
      [acme.owner, { ...first, idempotencyKey: 'second' }],
      [acme.owner, { ...first, procedure: 'tasks.create' }],
      [await acme.addMember('member'), first],
      [other.owner, first],
    ];
    const answers = requests.map((_, index) => index);
    for (const [index, [member, request]] of requests.entries())
      expect(await mutate(member.ctx(request), async () => index)).toBe(index);

    const replayed = requests.map(([member, request]) => mutate(member.ctx(request), async () => 'again'));

    expect(await Promise.all(replayed)).toEqual(answers);
  });

  it('are of somebody', async () => {
    const mutation = { procedure: 'tags.create', input: null, ifMatch: null, dryRun: false, secretAnswer: false };
    const keyed = { ...mutation, idempotencyKey: 'nobody' };
    const nobody = platform.context({ principal: null, mutation: keyed });
    await expect(mutate(nobody, async () => {})).rejects.toMatchObject({ code: 'unauthenticated' });
    const { owner } = await createOrganization(platform);
    const without = mutate(owner.ctx(), (unit) => claimKey(unit, { ...keyed, idempotencyKey: null }));
    await expect(without).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
