import { usualWorkingHours } from '../../access/index.ts';
import type { Database } from '../../database/database.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { RowCache } from '../../database/row-cache.ts';
import { anyOf } from '../../database/sql.ts';
import { type RowOf, statement } from '../../database/statement.ts';
import { cacheAgeMs, UserEntity } from '../../identity/index.ts';
import type { ApiAudit } from '../../kernel/api-audit.ts';
import type { AccessPolicy, Grant, GrantScope } from '../../kernel/principal.ts';
import { DepartmentEntity } from '../departments/department.entity.ts';
import { isWithinPath } from '../departments/department.path.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { OrganizationEntity } from '../organizations/organization.entity.ts';
import { apiAuditIn, WorkingHoursPolicy } from '../organizations/organization.schema.ts';
import { RoleAssignmentEntity } from '../role-assignments/role-assignment.entity.ts';
import { scopeOf } from '../role-assignments/role-assignment.record.ts';
import { resolveRoles, type RoleHierarchy } from '../roles/role.hierarchy.ts';
import { RoleEntity } from '../roles/role.entity.ts';
import { roles } from '../roles/role.record.ts';
import { TeamEntity } from '../teams/team.entity.ts';

/** An active membership with what it allows. */
export interface ActiveMembership {
  organizationId: string;
  slug: string;
  /** Whether the organization is active. */
  isActive: boolean;
  /** Whether the organization is in the trash. */
  isDeleted: boolean;
  /** Sessions that began at this instant or before are cut off. Milliseconds since the epoch. */
  sessionsEndedAt: number | null;
  /** The time zone of the user. */
  timezone: string;
  /** Includes grants that will end and grants that have ended. */
  grants: readonly Grant[];
  policy: AccessPolicy;
  /** What the organization keeps of calls. */
  apiAudit: ApiAudit;
}

export type ActiveMemberships = readonly ActiveMembership[];

/*
 * All rows are read in an order. Without one, PostgreSQL answers them in another order when it changes its plan, and what somebody is told
 * about a refusal depends on which of their grants comes first.
 */

/** Returns the grants of a membership that have not ended. */
export const grantsAt = ({ grants }: ActiveMembership, at: Date): Grant[] =>
  grants.filter(({ validTo }) => !validTo || validTo > at);

const membershipsOf = statement((db, { userId }: { userId: string }) =>
  db
    .selectFrom('memberships')
    .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select([
      'memberships.organization_id as organizationId',
      'organizations.slug',
      'organizations.is_active as isActive',
      'organizations.deleted_at as deletedAt',
      'organizations.settings',
      'memberships.sessions_ended_at as sessionsEndedAt',
      'users.timezone',
    ])
    .where('memberships.user_id', '=', userId)
    .where('memberships.status', '=', 'active')
    .orderBy('memberships.organization_id'),
);

const assignmentsOf = statement((db, { userId }: { userId: string }) =>
  db
    .selectFrom('role_assignments')
    .select([
      'role_assignments.organization_id as organizationId',
      'role_assignments.role_id as roleId',
      'role_assignments.department_id as departmentId',
      'role_assignments.team_id as teamId',
      'role_assignments.project_id as projectId',
      'role_assignments.valid_to as validTo',
    ])
    .where('role_assignments.user_id', '=', userId)
    .orderBy('role_assignments.id'),
);

type Assignment = RowOf<typeof assignmentsOf>;

/**
 * Returns the teams of the departments in which the user has roles, and of the departments below them, by department id. The paths
 * are read first, as in `inDepartments`. There are no walls here, so every part of the query names its organization.
 */
async function teamsOf(db: ReadDoor, held: readonly Assignment[]): Promise<ReadonlyMap<string, Set<string>>> {
  const ids = held.flatMap(({ departmentId }) => departmentId ?? []);
  if (ids.length === 0) return new Map();
  const organizationIds = held.map(({ organizationId }) => organizationId);
  const tops = await db
    .selectFrom('departments as top')
    .select(['top.organization_id as organizationId', 'top.id', 'top.path_sort as path'])
    .where(anyOf(db.dialect, 'top.organization_id', organizationIds))
    .where(anyOf(db.dialect, 'top.id', ids))
    .execute();
  const teams = new Map(tops.map((top) => [top.id, new Set<string>()]));
  if (tops.length === 0) return teams;
  const rows = await db
    .selectFrom('departments as part')
    .innerJoin('teams as inside', (join) =>
      join.onRef('inside.organization_id', '=', 'part.organization_id').onRef('inside.department_id', '=', 'part.id'),
    )
    .select(['part.path_sort as path', 'inside.id'])
    .where((where) =>
      where.or(
        tops.map(({ organizationId, path }) =>
          where.and([where('part.organization_id', '=', organizationId), isWithinPath('part.path_sort', path)]),
        ),
      ),
    )
    .execute();
  for (const row of rows) for (const top of tops) if (row.path.startsWith(top.path)) teams.get(top.id)?.add(row.id);
  return teams;
}

const rolesIn = statement((db, { organizationIds }: { organizationIds: readonly string[] }, dialect) =>
  roles
    .select(roles.from(db), 'organizationId')
    .where(anyOf(dialect, 'roles.organization_id', organizationIds))
    .orderBy('roles.id'),
);

async function hierarchiesOf(
  db: ReadDoor,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, RoleHierarchy>> {
  const rows = Map.groupBy(await db.run(rolesIn, { organizationIds }), ({ organizationId }) => organizationId);
  return new Map([...rows].map(([id, ofOne]) => [id, resolveRoles(ofOne)]));
}

function grantOf(
  assignment: Assignment,
  hierarchy: RoleHierarchy | undefined,
  teams: ReadonlyMap<string, Set<string>>,
): Grant[] {
  const role = hierarchy?.get(assignment.roleId);
  if (!role) return [];
  const where = scopeOf(assignment);
  const scope: GrantScope =
    where.kind === 'organization'
      ? { kind: where.kind }
      : {
          ...where,
          place: where.kind === 'project' ? 'project' : 'team',
          placeIds: where.kind === 'department' ? (teams.get(where.id) ?? new Set()) : new Set([where.id]),
        };
  const { permissions, constraints } = role;
  const validTo = assignment.validTo === null ? null : new Date(assignment.validTo);
  return [{ roleId: role.id, roleKey: role.key, permissions, constraints, scope, validTo }];
}

/** Settings are validated when they are written. If this version no longer understands them, the usual hours apply. */
const hoursIn = (settings: Readonly<Record<string, unknown>>): AccessPolicy['workingHours'] =>
  WorkingHoursPolicy.safeParse(settings['workingHours']).data ?? usualWorkingHours;

/** Loads every active membership of a user, with what it allows. */
export async function loadActiveMemberships(database: Database, userId: string): Promise<ActiveMemberships> {
  return readThroughIdentityDoor(database, async (db) => {
    const [memberships, assignments] = await Promise.all([
      db.run(membershipsOf, { userId }),
      db.run(assignmentsOf, { userId }),
    ]);
    const hierarchies = await hierarchiesOf(
      db,
      memberships.map((membership) => membership.organizationId),
    );
    const teams = await teamsOf(db, assignments);
    return memberships.map(({ deletedAt, sessionsEndedAt, settings, ...membership }): ActiveMembership => {
      const { organizationId } = membership;
      const hierarchy = hierarchies.get(organizationId);
      const held = assignments.filter((assignment) => assignment.organizationId === organizationId);
      return {
        ...membership,
        isDeleted: deletedAt !== null,
        sessionsEndedAt: sessionsEndedAt === null ? null : Date.parse(sessionsEndedAt),
        grants: held.flatMap((assignment) => grantOf(assignment, hierarchy, teams)),
        policy: {
          workingHours: hoursIn(settings),
          roles: [...(hierarchy?.values() ?? [])].map(({ key, permissions }) => ({ key, permissions })),
        },
        apiAudit: apiAuditIn(settings),
      };
    });
  });
}

const organizationIdsOf = (memberships: ActiveMemberships): string[] =>
  memberships.map(({ organizationId }) => organizationId);

/** By the id of the user. Whatever `loadActiveMemberships` reads is declared here. */
export const principalCache = new RowCache(cacheAgeMs, loadActiveMemberships)
  .readFrom(UserEntity, { id: 'key' }, ['timezone'])
  .readFrom(MembershipEntity, { userId: 'key', organizationId: organizationIdsOf }, ['status', 'sessionsEndedAt'])
  .readFrom(RoleAssignmentEntity, { userId: 'key', organizationId: organizationIdsOf })
  .readFrom(OrganizationEntity, { id: organizationIdsOf }, ['slug', 'isActive', 'deletedAt', 'settings'])
  .readFrom(DepartmentEntity, { organizationId: organizationIdsOf }, ['pathSort'])
  .readFrom(TeamEntity, { organizationId: organizationIdsOf }, ['departmentId'])
  .readFrom(RoleEntity, { organizationId: organizationIdsOf });
