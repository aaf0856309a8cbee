import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DepartmentEntity } from '../tenancy/departments/department.entity.ts';
import { addDepartmentMember, addTeamMember, createDepartment, createTeam, TeamEntity } from '../tenancy/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { createTask } from '../work/index.ts';
import type { ServiceContext } from './context.ts';
import { referrersOf } from './referrers.ts';
import { mutate } from './unit-of-work.ts';

describe.each(dialects)('what refers to a row on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let teamId: string;
  let departmentId: string;

  const owner = () => acme.owner.ctx();
  const asked = (ctx: ServiceContext, entity: typeof TeamEntity | typeof DepartmentEntity, id: string) =>
    mutate(ctx, (unit) => referrersOf(unit, entity, [id]));

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    departmentId = (await createDepartment(owner(), { name: 'Warehouse', parentId: null })).id;
    teamId = (await createTeam(owner(), { name: 'Crates', departmentId })).id;
    await addTeamMember(owner(), { id: teamId, userId: acme.owner.userId });
  });
  afterAll(() => platform.dispose());

  it('is nothing where only rows refer to it that go with it', async () => {
    expect(await asked(owner(), TeamEntity, teamId)).toEqual([]);
  });

  it('is every kind of row that keeps it from being deleted', async () => {
    expect(await asked(owner(), DepartmentEntity, departmentId)).toEqual(['teams']);
    await createDepartment(owner(), { name: 'Ramp', parentId: departmentId });
    await addDepartmentMember(owner(), { id: departmentId, userId: acme.owner.userId });
    const all = ['department_members', 'departments', 'teams'];
    expect(await asked(owner(), DepartmentEntity, departmentId)).toEqual(all);
  });

  it('includes rows that the caller does not see, and none of another organization', async () => {
    await createTask(owner(), { title: 'Count the crates', teamId });
    const principal = { ...acme.owner.principal, grants: [] };
    expect(await asked(platform.context({ principal }), TeamEntity, teamId)).toEqual(['tasks']);
    const other = await createOrganization(platform, 'Other');
    expect(await asked(other.owner.ctx(), TeamEntity, teamId)).toEqual([]);
  });
});
