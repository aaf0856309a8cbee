import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganization, createTestPlatform, type TestPlatform } from '../testing/index.ts';
import { claimKey } from './idempotency.ts';
import { statement } from './statement.ts';
import { mutate } from './unit-of-work.ts';

// On SQLite the second request waits for its turn as every other write does: see write-groups.test.ts.
describe('twins of one idempotency key on postgresql', () => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform('postgresql');
  });
  afterAll(() => platform.dispose());

  it('are asked to come back when the first request takes long', async () => {
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
