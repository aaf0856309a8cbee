import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read } from '../../database/read-door.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { createDepartment, moveDepartment } from '../departments/department.service.ts';
import { createTeam, teamIdsWithin } from './team.service.ts';

describe.each(dialects)('the teams below departments on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  /** By name: the departments A (above B, above C), D, and a team in each. */
  const departments: Record<string, string> = {};
  const names = new Map<string, string>();

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    const ctx = () => acme.owner.ctx();
    for (const [name, above] of [['A'], ['B', 'A'], ['C', 'B'], ['D']] as const) {
      const parentId = above === undefined ? null : (departments[above] ?? null);
      const { id: departmentId } = await createDepartment(ctx(), { name, parentId });
      departments[name] = departmentId;
      names.set((await createTeam(ctx(), { name: `Team ${name}`, departmentId })).id, name);
    }
    await createTeam(ctx(), { name: 'Of no department' });
  });
  afterAll(() => platform.dispose());

  const idsOf = (...wanted: string[]) => wanted.map((name) => departments[name] ?? '');
  const queried = (ids: string[], by = acme) => read(by.owner.ctx(), (db) => teamIdsWithin(db, ids));
  const namesOf = (ids: readonly string[]) => ids.map((id) => names.get(id) ?? '').toSorted();

  it.each([
    [['A'], ['A', 'B', 'C']],
    [['B'], ['B', 'C']],
    [
      ['C', 'D'],
      ['C', 'D'],
    ],
    [
      ['A', 'C'],
      ['A', 'B', 'C'],
    ],
  ])('of %j are those of %j', async (of, expected) => {
    expect(namesOf(await queried(idsOf(...of)))).toEqual(expected);
  });

  it('are none of another organization', async () => {
    const other = await createOrganization(platform, 'Other');
    expect(await queried(idsOf('A'), other)).toEqual([]);
  });

  it('move with their department', async () => {
    const { owner } = acme;
    await moveDepartment(owner.ctx(), { id: departments['B'] ?? '', parentId: departments['D'] ?? '' });
    expect(namesOf(await queried(idsOf('A')))).toEqual(['A']);
    expect(namesOf(await queried(idsOf('D')))).toEqual(['B', 'C', 'D']);
  });
});
