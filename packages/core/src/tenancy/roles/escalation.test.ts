import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInRoles, isBuiltInRoleKey, type Permission } from '../../access/index.ts';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import type { Constraint } from '../../kernel/principal.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestPlatform,
} from '../../testing/index.ts';
import {
  acceptInvitation,
  addMember,
  createDepartment,
  createRole,
  createRoleAssignment,
  createTeam,
  deleteRole,
  deleteRoleAssignment,
  moveDepartment,
  setMemberRoles,
  transferOwnership,
  updateRole,
  updateTeam,
} from '../index.ts';

/*
 * Random walks of people who are no owners, and an oracle that knows nothing of the rules: it reads the tables and compares
 * what everybody may do before and after each step.
 */

/** One thing that somebody may do: in one department or team, or everywhere, under these constraints, until then. */
interface Atom {
  permission: string;
  place: string;
  constraints: readonly string[];
  until: number;
}

interface State {
  roles: readonly { id: string; builtIn: boolean }[];
  /** By user id; what an open invitation offers, by its address. */
  atoms: ReadonlyMap<string, readonly Atom[]>;
  owners: ReadonlySet<string>;
}

const everything = 'everything';

const isPartOf = (one: Atom, other: Atom): boolean =>
  one.permission === other.permission &&
  one.until <= other.until &&
  other.constraints.every((constraint) => one.constraints.includes(constraint)) &&
  [everything, one.place].includes(other.place);

const isAmong = (atom: Atom, atoms: readonly Atom[] = []): boolean => atoms.some((other) => isPartOf(atom, other));

const describeAtom = ({ permission, place, constraints, until }: Atom): string =>
  `${permission} in ${place} under [${constraints.join(', ')}] until ${until}`;

/** What is left of it later, when nothing but time has passed. */
const later = (state: State, now: number): State => ({
  ...state,
  atoms: new Map([...state.atoms].map(([holder, atoms]) => [holder, atoms.filter(({ until }) => until > now)])),
});

async function observe({ database }: TestPlatform, organizationId: string, now: number): Promise<State> {
  const [roles, assignments, offers, departments, teams] = await readThroughSystemDoor(database, (db) =>
    Promise.all([
      db
        .selectFrom('roles')
        .select(['id', 'key', 'built_in as builtIn', 'parent_id as parentId', 'permissions', 'constraints'])
        .where('organization_id', '=', organizationId)
        .orderBy('id')
        .execute(),
      db
        .selectFrom('role_assignments')
        .select(['user_id as userId', 'role_id as roleId', 'team_id as teamId', 'department_id as departmentId'])
        .select('valid_to as validTo')
        .where('organization_id', '=', organizationId)
        .execute(),
      db
        .selectFrom('invitation_roles')
        .innerJoin('invitations', 'invitations.id', 'invitation_roles.invitation_id')
        .select(['invitations.email_key as emailKey', 'invitation_roles.role_id as roleId'])
        .where('invitations.organization_id', '=', organizationId)
        .where('invitations.status', '=', 'pending')
        .execute(),
      db
        .selectFrom('departments')
        .select(['id', 'parent_id as parentId'])
        .where('organization_id', '=', organizationId)
        .execute(),
      db
        .selectFrom('teams')
        .select(['id', 'department_id as departmentId'])
        .where('organization_id', '=', organizationId)
        .execute(),
    ]),
  );
  /** The role and everything that it inherits from; a circle would not end. */
  const lineOf = (id: string | null, length = 0): typeof roles => {
    if (length > 200) throw new Error('The roles form a circle.');
    const role = roles.find((one) => one.id === id);
    return role ? [role, ...lineOf(role.parentId, length + 1)] : [];
  };
  const within = (id: string): string[] => [
    id,
    ...teams.filter((team) => team.departmentId === id).map((team) => team.id),
    ...departments.filter((department) => department.parentId === id).flatMap((department) => within(department.id)),
  ];
  const atomsOf = (roleId: string, places: readonly string[], until: number): Atom[] => {
    const line = lineOf(roleId).map(({ builtIn, key, ...own }) =>
      builtIn && isBuiltInRoleKey(key) ? builtInRoles[key] : own,
    );
    const constraints = line.flatMap((role) => [...(role.constraints as readonly string[])]);
    const allowed = line.flatMap((role) => [...(role.permissions as readonly string[])]);
    return allowed.flatMap((permission) => places.map((place) => ({ permission, place, constraints, until })));
  };
  const atoms = new Map<string, Atom[]>();
  const add = (holder: string, more: readonly Atom[]) => atoms.set(holder, [...(atoms.get(holder) ?? []), ...more]);
  const owners = new Set<string>();
  for (const { userId, roleId, teamId, departmentId, validTo } of assignments) {
    const until = validTo === null ? Infinity : Date.parse(validTo);
    if (until <= now) continue;
    const places = teamId ? [teamId] : departmentId ? within(departmentId) : [everything];
    add(userId, atomsOf(roleId, places, until));
    if (roles.some((role) => role.id === roleId && role.builtIn && role.key === 'owner')) owners.add(userId);
  }
  for (const { emailKey, roleId } of offers) add(emailKey, atomsOf(roleId, [everything], Infinity));
  for (const { id } of roles) lineOf(id);
  return { roles, atoms, owners };
}

/** What has come to somebody that neither they nor these others had, and what has gone that the actor did not have. */
function gained(before: State, after: State, sources: readonly string[]): string[] {
  const given = sources.flatMap((source) => before.atoms.get(source) ?? []);
  return [...after.atoms].flatMap(([holder, atoms]) =>
    atoms
      .filter((atom) => !isAmong(atom, before.atoms.get(holder)) && !isAmong(atom, given))
      .map((atom) => `${holder} has gained ${describeAtom(atom)}`),
  );
}

function lost(before: State, after: State, actor: string): string[] {
  return [...before.atoms].flatMap(([holder, atoms]) =>
    atoms
      .filter((atom) => !isAmong(atom, after.atoms.get(holder)) && !isAmong(atom, before.atoms.get(actor)))
      .map((atom) => `${holder} has lost ${describeAtom(atom)}`),
  );
}

const pool: readonly Permission[] = [
  'role:create',
  'role:update',
  'role:delete',
  'member:update',
  'member:invite',
  'team:update',
  'department:update',
  'task:read',
  'task:update',
  'tag:create',
];
const nat = fc.nat(1000);
const permissions = fc.subarray([...pool, 'organization:transfer', 'organization:delete'] as Permission[], {
  maxLength: 2,
});
const constraints = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Constraint[]>([]) },
  { weight: 1, arbitrary: fc.subarray<Constraint>(['assignedOnly', 'workingHours']) },
);
/** Numbers pick among what there is when the step is taken. */
const step = fc.record({
  kind: fc.constantFrom(
    ...([
      'create',
      'edit',
      'constrain',
      'constrain',
      'reparent',
      'drop',
      'assign',
      'assign',
      'assign',
      'unassign',
    ] as const),
    ...(['set', 'set', 'invite', 'accept', 'transfer', 'moveTeam', 'moveDepartment', 'wait'] as const),
  ),
  actor: nat,
  one: nat,
  other: nat,
  permissions,
  constraints,
  scope: fc.constantFrom('organization', 'department', 'team'),
  minutes: fc.constantFrom(null, null, 5, 60),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const minute = 60_000;

async function found(platform: TestPlatform, clock: TestClock) {
  const acme = await createOrganization(platform);
  const owner = acme.owner.ctx();
  const members = [
    await acme.addMember('admin'),
    await acme.addMember(),
    await acme.addMember(),
    await acme.addMember('developer'),
    await acme.addMember(),
  ];
  const outsider = await (await createOrganization(platform, 'Elsewhere')).addMember('viewer');
  const top = (await createDepartment(owner, { name: 'Top' })).id;
  const below = (await createDepartment(owner, { name: 'Below', parentId: top })).id;
  const aside = (await createDepartment(owner, { name: 'Aside' })).id;
  const teams: string[] = [];
  for (const departmentId of [top, below, aside, null])
    teams.push((await createTeam(owner, { name: `Team ${teams.length}`, departmentId })).id);
  const give = async (index: number, roleId: string, kind: Step['scope'] = 'organization', minutes?: number) => {
    const validTo = minutes === undefined ? null : new Date(clock.now().getTime() + minutes * minute).toISOString();
    const scope = kind === 'organization' ? { kind } : { kind, id: kind === 'team' ? (teams[0] ?? '') : below };
    await createRoleAssignment(owner, { userId: members[index]?.userId ?? '', roleId, scope, validTo });
  };
  const role = async (name: string, held: readonly Permission[], under: readonly Constraint[] = []) =>
    (await createRole(owner, { name, permissions: [...held], constraints: [...under], parentId: null })).id;
  const running = pool.filter((name) => !name.startsWith('task') && !name.startsWith('tag'));
  const keeper = await role('Keeper', running);
  await give(1, keeper);
  await give(1, await role('Careful', ['task:update', 'task:read', 'tag:create'], ['workingHours']));
  await give(2, keeper, 'organization', 30);
  await give(2, acme.roleIds.manager, 'team');
  await give(3, keeper);
  await give(4, await role('Founder', ['organization:transfer', 'role:update', 'member:update', 'task:read']));
  await give(4, acme.roleIds.manager, 'department');
  return { acme, members, outsider, departments: [top, below, aside], teams };
}
type Scene = Awaited<ReturnType<typeof found>>;

const pick = <T>(items: readonly T[], at: number): T => {
  const item = items[at % items.length];
  if (item === undefined) throw new Error('There is nothing to pick from.');
  return item;
};

async function take(platform: TestPlatform, scene: Scene, now: Date, move: Step, roles: State['roles']) {
  const { acme, members, outsider, departments, teams } = scene;
  const { kind, one, other, minutes } = move;
  const actor = pick(members, move.actor);
  const organizationId = acme.id;
  const roleIds = roles.map((role) => role.id);
  const own = pick(
    roles.filter((role) => !role.builtIn),
    one,
  ).id;
  const id = pick(roleIds, one);
  const userId = pick([...members, acme.owner], other).userId;
  if (kind === 'accept') {
    const principal = { ...outsider.principal, organizationId: null, grants: [] };
    const invitation = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('invitations')
        .select('id')
        .where('organization_id', '=', organizationId)
        .where('status', '=', 'pending')
        .executeTakeFirst(),
    );
    return acceptInvitation(platform.context({ principal }), { id: invitation?.id ?? organizationId });
  }
  const ctx = await acting(platform, actor.userId, organizationId);
  const parentId = pick([null, null, ...roleIds], other);
  const assignments = () =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('role_assignments')
        .select('id')
        .where('organization_id', '=', organizationId)
        .orderBy('id')
        .execute(),
    );
  switch (kind) {
    case 'create':
      return createRole(ctx, { name: 'Made', permissions: move.permissions, constraints: move.constraints, parentId });
    case 'edit':
      return updateRole(ctx, { id: own, permissions: move.permissions });
    case 'constrain':
      return updateRole(ctx, { id: own, constraints: move.constraints });
    case 'reparent':
      return updateRole(ctx, { id: own, parentId });
    case 'drop':
      return deleteRole(ctx, { id: own });
    case 'assign': {
      const validTo = minutes === null ? null : new Date(now.getTime() + minutes * minute).toISOString();
      const place = move.scope === 'team' ? pick(teams, one + other) : pick(departments, one + other);
      const scope = move.scope === 'organization' ? { kind: move.scope } : { kind: move.scope, id: place };
      return createRoleAssignment(ctx, { userId, roleId: id, scope, validTo });
    }
    case 'unassign':
      return deleteRoleAssignment(ctx, { id: pick(await assignments(), one).id });
    case 'set':
      return setMemberRoles(ctx, { organizationId, userId, roleIds: [...new Set([id, pick(roleIds, one + other)])] });
    case 'invite':
      return addMember(ctx, { organizationId, email: outsider.email, roleIds: [id] });
    case 'transfer':
      return transferOwnership(ctx, { organizationId, userId });
    case 'moveTeam':
      return updateTeam(ctx, { id: pick(teams, one), departmentId: pick([null, ...departments], other) });
    case 'moveDepartment':
      return moveDepartment(ctx, { id: pick(departments, one), parentId: pick([null, ...departments], other) });
    case 'wait':
      return null;
  }
}

describe.each(dialects)('whatever people do who are no owners, on %s', (dialect) => {
  it('nobody comes to hold more than they did or than who gave it', { timeout: 60_000 }, async () => {
    const clock = new TestClock();
    const platform = await createTestPlatform(dialect, { clock });
    const accepted = new Set<string>();
    const walk = async (steps: readonly Step[]) => {
      const scene = await found(platform, clock);
      const { id } = scene.acme;
      let before = await observe(platform, id, clock.now().getTime());
      for (const move of steps) {
        // What was decided before is known by now.
        clock.advance(move.kind === 'wait' ? 20 * minute : 5000);
        const now = clock.now();
        before = later(before, now.getTime());
        const passed = await take(platform, scene, now, move, before.roles).then(
          () => true,
          (error: unknown) => {
            if (error instanceof Error && 'code' in error && 'kind' in error) return false;
            throw error;
          },
        );
        const after = await observe(platform, id, now.getTime());
        const actor = move.kind === 'accept' ? scene.outsider : pick(scene.members, move.actor);
        const sources = move.kind === 'accept' ? [actor.userId, actor.email] : [actor.userId];
        // To put a part elsewhere takes it from who reached it before: that is what organizing is.
        const moving = ['accept', 'moveTeam', 'moveDepartment'].includes(move.kind);
        const wrong = moving ? [] : lost(before, after, actor.userId);
        expect({ kind: move.kind, wrong: [...gained(before, after, sources), ...wrong] }).toEqual({
          kind: move.kind,
          wrong: [],
        });
        expect(after.owners).toEqual(before.owners);
        expect(after.owners.size).toBeGreaterThan(0);
        if (passed) accepted.add(move.kind);
        before = after;
      }
    };
    try {
      await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), walk), {
        numRuns: 40,
        interruptAfterTimeLimit: 8000,
        endOnFailure: true,
      });
      // The walks lead somewhere.
      expect(accepted.size).toBeGreaterThanOrEqual(5);
    } finally {
      await platform.dispose();
    }
  });
});
