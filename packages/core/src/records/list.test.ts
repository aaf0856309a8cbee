import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTeam, listTeams, TeamListInput } from '../tenancy/index.ts';
import { createOrganization, createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';

describe.each(dialects)('a list of records on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-05-01T00:00:00.000Z'));
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  it('is narrowed to what was created between two instants, both inclusive, and counts the same', async () => {
    const acme = await createOrganization(platform);
    for (const name of ['1', '2', '3', '4']) {
      clock.set(`2026-05-0${name}T00:00:00.000Z`);
      await createTeam(acme.owner.ctx(), { name });
    }
    const named = async (input: object) => {
      const { data, total } = await listTeams(
        acme.owner.ctx(),
        TeamListInput.parse({ ...input, total: true, sort: 'name' }),
      );
      expect(total).toBe(data.length);
      return data.map(({ name }) => name).join('');
    };
    expect(await named({ createdAfter: '2026-05-02T02:00:00+02:00' })).toBe('234');
    expect(await named({ createdBefore: '2026-05-03T00:00:00.000Z' })).toBe('123');
    expect(await named({ createdAfter: '2026-05-01T00:00:00.001Z', createdBefore: '2026-05-03T23:59:59Z' })).toBe('23');
    expect(await named({ createdAfter: '2026-06-01T00:00:00Z' })).toBe('');
    const first = await listTeams(
      acme.owner.ctx(),
      TeamListInput.parse({ createdAfter: '2026-05-02T00:00:00Z', limit: 2 }),
    );
    const cursor = first.nextCursor ?? undefined;
    const rest = await listTeams(
      acme.owner.ctx(),
      TeamListInput.parse({ createdAfter: '2026-05-02T00:00:00Z', limit: 2, cursor }),
    );
    expect([...first.data, ...rest.data].map(({ name }) => name)).toEqual(['4', '3', '2']);
  });
});
