import { sql } from 'kysely';
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
import { statement } from './statement.ts';
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
});

// On SQLite the second request waits for its turn as every other write does: see write-groups.test.ts.
describe('an idempotency key on postgresql', () => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform('postgresql');
  });
  afterAll(() => platform.dispose());

  it('is of somebody', async () => {
    const mutation = { procedure: 'tags.create', input: null, ifMatch: null, dryRun: false, secretAnswer: false };
    const keyed = { ...mutation, idempotencyKey: 'nobody' };
    const nobody = platform.context({ principal: null, mutation: keyed });
    await expect(mutate(nobody, async () => {})).rejects.toMatchObject({ code: 'unauthenticated' });
    const { owner } = await createOrganization(platform);
    const without = mutate(owner.ctx(), (unit) => claimKey(unit, { ...keyed, idempotencyKey: null }));
    await expect(without).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('asks a twin to come back when the first request takes long', async () => {
    const { owner } = await createOrganization(platform);
    const input = { title: 'Slow' };
    const request = { procedure: 'tasks.create', input, idempotencyKey: 'slow' };
    const hurry = statement((db) => ({ compile: () => sql`set local lock_timeout = '50ms'`.compile(db) }));
    await mutate(owner.ctx(request), async () => {
      const twin = mutate(owner.ctx(), async (unit) => {
        await unit.db.run(hurry, {});
        return claimKey(unit, { ...request, ifMatch: null, dryRun: false, secretAnswer: false });
      });
      await expect(twin).rejects.toMatchObject({ code: 'idempotency_in_progress', details: { retryAfter: 1 } });
    });
  });
});
