import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { tables } from '../packages/core/src/platform.ts';

/*
 * Every wall and every check that somebody may see or do something, each with a text that switches it off. Checks that stand in
 * the services, and tables with a wall, are found in the sources, so that a new one is here by itself.
 */

/** A text in a file, and what stands there instead: the one place where it occurs, or the place at an offset. */
export interface Patch {
  file: string;
  find: string;
  replace: string;
  /** Where it stands, when the same text stands elsewhere too. */
  at?: number;
}

export interface Mutation {
  name: string;
  /** The check that is switched off. */
  patches: readonly Patch[];
  /** Other walls that would hide that it is. */
  masks: readonly Patch[];
  /** Test files, one of which must go red. */
  tests: readonly string[];
  /** Which of their tests by full name, to be quicker. @default all */
  named?: RegExp;
}

const core = 'packages/core/src';
const database = `${core}/database`;
const identity = `${core}/identity`;
const contract = 'packages/api/src/contract';

const wallTests = [`${database}/walls.test.ts`];
const policyTests = [`${database}/policies.test.ts`];
const contractTest = (name: string): string => `${contract}/${name}.test.ts`;
const accessTests = [contractTest('access')];
const visibilityTests = [contractTest('visibility')];
const isolationTests = [contractTest('isolation')];

/** @throws when the text is not there, or not at one place only */
export function apply(text: string, { file, find, replace, at }: Patch): string {
  const start = at ?? text.indexOf(find);
  if (start === -1 || !text.startsWith(find, start)) throw new Error(`${file} does not say: ${find}`);
  if (at === undefined && text.includes(find, start + 1)) throw new Error(`${file} says more than once: ${find}`);
  return text.slice(0, start) + replace + text.slice(start + find.length);
}

const wall = (
  name: string,
  file: string,
  find: string,
  replace: string,
  tests: readonly string[] = wallTests,
): Mutation => ({
  name,
  patches: [{ file, find, replace }],
  masks: [],
  tests,
});

const walls: readonly Mutation[] = [
  wall('read door: predicate', `${database}/walls.ts`, '[this.#fill(definition.wall, at)]', '[]'),
  wall(
    'read door: selects',
    `${database}/walls.ts`,
    'const result = where ? { ...inner, where } : inner;',
    'const result = inner;',
  ),
  wall('read door: joins', `${database}/walls.ts`, 'if (!first) return inner;', 'return inner;'),
  wall(
    'read door: updates',
    `${database}/walls.ts`,
    'const where = this.#where(inner.where, inner.table ? [inner.table] : []);',
    'const where = inner.where;',
  ),
  wall(
    'read door: deletes',
    `${database}/walls.ts`,
    'const where = this.#where(inner.where, inner.from.froms);',
    'const where = inner.where;',
  ),
  wall(
    'read door: undeclared tables',
    `${database}/walls.ts`,
    'if (!definition) throw',
    'if (!definition) return []; if (false) throw',
  ),
  wall('read door: visibility', `${database}/walls.ts`, 'if (visible) predicates.push(visible);', ''),
  wall(
    'read door: visibility of nothing',
    `${database}/walls.ts`,
    "if (visibility === 'none') return nothing;",
    "if (visibility === 'none') return null;",
  ),
  wall('identity door: its tables', `${database}/walls.ts`, 'if (!definition.identityDoor) throw', 'if (false) throw'),
  wall('entity filter', `${database}/orm.ts`, 'return { [owning.property]: id };', 'return {};'),
  wall(
    'entity filter: without a scope',
    `${database}/orm.ts`,
    'if (id === undefined) throw',
    'if (id === undefined) return {}; if (false) throw',
  ),
  wall(
    'flush guard: entities',
    `${database}/orm.ts`,
    'for (const change of uow.getChangeSets()) {',
    'for (const change of []) {',
  ),
  wall(
    'flush guard: changed rows',
    `${database}/updates.ts`,
    "['organization_id', 'id', 'version'].map((name) => `\"${name}\" = ${slot()}`)",
    "['organization_id', 'id', 'version'].map((name) => (name === 'organization_id' ? `${slot()} is not null` : `\"${name}\" = ${slot()}`))",
  ),
  wall(
    'flush guard: rows given away',
    `${database}/unit-of-work.ts`,
    "if ('organizationId' in changes) throw",
    'if (false) throw',
  ),
  wall('flush guard: added rows', `${database}/unit-of-work.ts`, 'this.#refuseForeign(metadata.tableName, rows);', ''),
  wall(
    'roles: insert-only tables',
    `${database}/policies.ts`,
    "table.insertOnly ? 'select, insert'",
    "false ? ''",
    policyTests,
  ),
  wall(
    'roles: tables behind the identity door',
    `${database}/policies.ts`,
    '...(table.identityDoor ? [`grant',
    '...(true ? [`grant',
    policyTests,
  ),
  wall(
    'server: refuses a powerful role',
    `${database}/postgresql-engine.ts`,
    'if (!found || found.superuser || found.bypass || found.owner)',
    'if (!found)',
    policyTests,
  ),
];

const read = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');

const sources = (root: string): string[] =>
  globSync(`${core}/*/**/*.ts`, {
    cwd: root,
    exclude: ['**/*.test.ts', `${core}/testing/**`, '**/migrations/**'],
  }).sort();

/** Row-level security, a table at a time: the policy of requests lets everything through. */
function policies(root: string): Mutation[] {
  const migrations = globSync(`${database}/migrations/postgresql/*.ts`, { cwd: root }).sort();
  return tables
    .filter((table) => table.wall !== '')
    .map(({ name }) => {
      const policy = new RegExp(
        String.raw`create policy "?${name}_request"? on "?${name}"? to "?tenon_request"?( using .+?)(?=;?['"\`]\)?[,;]*$)`,
        'm',
      );
      const patches = migrations.flatMap((file): Patch[] => {
        const found = policy.exec(read(root, file));
        const [statement = '', condition = ''] = found ?? [];
        const open = statement.replace(condition, () => ' using (true) with check (true)');
        return found ? [{ file, find: statement, replace: open }] : [];
      });
      return {
        name: `row-level security: ${name}`,
        patches,
        masks: [],
        tests: policyTests,
        named: new RegExp(`^row-level security .* of ${name}\\b`),
      };
    });
}

/** What a table shows to who sees a part only. */
const predicates = (root: string): Mutation[] =>
  sources(root)
    .filter((file) => file.endsWith('.entity.ts'))
    .flatMap((file) =>
      [...read(root, file).matchAll(/byVisibleTasks\(\(tasks\) => (`[^`]+`)\)/g)].map(({ index, 0: find }) => ({
        name: `visibility: ${basename(file)}`,
        patches: [{ file, find, replace: "byVisibleTasks(() => '1 = 1')", at: index }],
        masks: [],
        tests: wallTests,
      })),
    );

const apiPermission: Patch = {
  file: 'packages/api/src/execute.ts',
  find: 'if (operation.permission !== null) requirePermission(',
  replace: 'if (false) requirePermission(',
};

const apiSignIn: Patch = {
  file: 'packages/api/src/execute.ts',
  find: 'if (credential === null) throw errors.unauthenticated();',
  replace: 'if (credential === null) return null;',
};

const apiInstance: Patch = {
  file: 'packages/api/src/execute.ts',
  find: "if (operation.access === 'instance') requireInstanceAdmin(",
  replace: 'if (false) requireInstanceAdmin(',
};

/** Who loads a task to change it sees no more than who reads it. */
const loading: Patch = {
  file: `${core}/work/tasks/task.service.ts`,
  find: "decide(principal, 'task:read', subject).allowed",
  replace: 'true',
};

/** Everything that keeps a row from who may not even see it. */
const seeing = (root: string): Patch[] => [loading, ...predicates(root).flatMap(({ patches }) => patches)];

/** A call that refuses: switched off, its arguments are still computed. */
interface Refusal {
  call: string;
  masks: readonly Patch[];
  /** Beside those next to the file. */
  tests: readonly string[];
}

const refusals: readonly Refusal[] = [
  { call: 'authorize', masks: [apiPermission], tests: accessTests },
  { call: 'requirePermission', masks: [apiPermission], tests: accessTests },
  { call: 'requireSignedIn', masks: [apiSignIn], tests: accessTests },
  { call: 'requireInstanceAdmin', masks: [apiInstance, apiSignIn], tests: accessTests },
  { call: 'requireVerifiedAddress', masks: [], tests: [] },
  { call: 'refuseBeyondOwn', masks: [], tests: [] },
  { call: 'refuseChangeBeyondOwn', masks: [], tests: [] },
  { call: 'refuseNarrowOwner', masks: [], tests: [] },
  { call: 'refuseReachBeyondOwn', masks: [], tests: [`${core}/tenancy/role.reach.test.ts`] },
  { call: 'refuseOfferBeyondOwn', masks: [], tests: [] },
  { call: 'requireAnotherOwner', masks: [], tests: [] },
];

/** The function around an offset. */
const functionAt = (text: string, offset: number): string =>
  [...text.slice(0, offset).matchAll(/^(?:export )?(?:async )?(?:function|const) (\w+)/gm)].at(-1)?.[1] ?? 'module';

/** The whole call that begins at an offset. */
function callAt(text: string, offset: number): string {
  for (let at = text.indexOf('(', offset), depth = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return text.slice(offset, at + 1);
  }
  throw new Error(`There is no end to the call of ${text.slice(offset, offset + 40)}`);
}

const testsBeside = (root: string, file: string): string[] =>
  globSync(`${dirname(file)}/*.test.ts`, { cwd: root }).sort();

/** What a check is called: where it stands, and what it is asked. */
const nameOf = (file: string, text: string, offset: number, call: string): string =>
  `${call.slice(0, call.indexOf('('))}: ${basename(file)} ${functionAt(text, offset)} ${call.slice(call.indexOf('(')).replaceAll(/\s+/g, ' ')}`;

/** Of the generated tests those about what the call refuses, and all others. */
function aboutRefusal(call: string): RegExp {
  const [, permission] = /'(\w+:\w+)'/.exec(call) ?? [];
  const about = permission ? `naming ${permission}` : String.raw`refuses who is not signed in over \w+`;
  return new RegExp(`${about}$|^(?!on sqlite )`);
}

/** Every call of the services that refuses somebody something. */
function refusalsIn(root: string, file: string): Mutation[] {
  const text = read(root, file);
  return refusals.flatMap(({ call, masks, tests }) => {
    const statements = new RegExp(String.raw`(?<=^\s+(?:(?:if|for) \(.*\) )?(?:await )?)${call}\(`, 'gm');
    const found = [...text.matchAll(statements)].map(({ index }) => {
      const patch: Patch = { file, find: callAt(text, index), replace: 'void 0', at: index };
      return { patch, within: functionAt(text, index), name: nameOf(file, text, index, patch.find) };
    });
    return found.map(({ patch, within, name }) => {
      // What a function asks first it often asks again, of the row.
      const siblings = found.filter((other) => other.within === within && other.patch !== patch);
      const row = /assigneeIds|subject/.test(patch.find);
      return {
        name,
        patches: [patch],
        masks: [...masks, ...siblings.map((other) => other.patch), ...(row ? seeing(root) : [])],
        tests: [...(row ? visibilityTests : tests), ...testsBeside(root, file)],
        ...(row ? {} : { named: aboutRefusal(patch.find) }),
      };
    });
  });
}

/** Every decision that a service takes itself: each lets pass. */
function decisionsIn(root: string, file: string): Mutation[] {
  const text = read(root, file);
  return [...text.matchAll(/\bdecide\(/g)].flatMap(({ index }) => {
    const find = callAt(text, index);
    if (!text.startsWith('.allowed', index + find.length)) return [];
    return {
      name: nameOf(file, text, index, find),
      patches: [{ file, find: `${find}.allowed`, replace: 'true', at: index }],
      masks: [],
      tests: [...visibilityTests, ...testsBeside(root, file)],
    };
  });
}

const decisions = [`${core}/access/decide.test.ts`];
const roleTests = ['role.rules', 'role', 'member'].map((name) => `${core}/tenancy/${name}.test.ts`);
const reachTests = [`${core}/tenancy/role.reach.test.ts`];
const scopeTests = [`${core}/work/tasks/task.scope.test.ts`];
const hoursTests = [`${core}/work/tasks/task.working-hours.test.ts`];

const rules: readonly Mutation[] = [
  wall('API: permission', apiPermission.file, apiPermission.find, apiPermission.replace, accessTests),
  wall('API: sign-in', apiSignIn.file, apiSignIn.find, apiSignIn.replace, accessTests),
  {
    name: 'instance: administrators alone',
    patches: [{ file: `${identity}/instance-admin.ts`, find: 'ctx.principal.instanceAdmin === true', replace: 'true' }],
    masks: [],
    tests: [`${identity}/instance-users.test.ts`],
  },
  wall('sessions: only of the user', `${identity}/session.service.ts`, ".where('user_id', '=', userId)", '', [
    `${identity}/instance-users.test.ts`,
  ]),
  wall('sessions: at most three', `${identity}/session.service.ts`, 'if (tooMany.length > 0)', 'if (false)', [
    `${identity}/own-sessions.test.ts`,
  ]),
  wall('passwords: the present one', `${identity}/present-password.ts`, 'if (!account || !matches)', 'if (!account)', [
    `${identity}/password.test.ts`,
  ]),
  wall(
    'passwords: a token once',
    `${identity}/password.service.ts`,
    'if (!(await findResettable(ctx, unit.db, claim))) throw invalidToken();',
    '',
    [`${identity}/password.test.ts`],
  ),
  wall('throttle', `${identity}/throttle.ts`, 'oldest === undefined ? 0', 'true ? 0', [`${identity}/throttle.test.ts`]),
  wall(
    'addresses: an unproven one undoes nothing',
    `${identity}/email-change.service.ts`,
    'from.emailVerifiedAt === null ? null',
    'false ? null',
    [`${identity}/email-change.test.ts`],
  ),
  wall(
    'addresses: kept for who had it',
    `${identity}/registration.service.ts`,
    'if (await isKept(db, emailKey, now)) throw userErrors.email_taken();',
    '',
    [`${identity}/email-change.test.ts`],
  ),
  wall(
    'organizations: not for a session that was cut off',
    `${core}/tenancy/principal.ts`,
    'sessionStartedAt <= sessionsEndedAt',
    'false',
    [`${core}/tenancy/member.sessions.test.ts`],
  ),
  wall(
    'decide: grants',
    `${core}/access/decide.ts`,
    'principal.grants.filter((grant) => grant.permissions.has(permission))',
    '[...principal.grants]',
    decisions,
  ),
  wall('decide: constraints', `${core}/access/decide.ts`, 'if (!failure) return', 'return', decisions),
  wall(
    'decide: assignedOnly',
    `${core}/access/decide.ts`,
    '!subject.assigneeIds || subject.assigneeIds.includes(principal.userId) ?',
    'principal && subject ?',
    decisions,
  ),
  wall(
    'visibility: without a grant',
    `${core}/access/decide.ts`,
    "if (grants.length === 0) return 'none';",
    '',
    decisions,
  ),
  wall(
    'visibility: constraints',
    `${core}/access/decide.ts`,
    'everywhere.some((grant) => !assignedOnly(grant))',
    'true',
    decisions,
  ),
  wall(
    'roles: nobody gives more than they hold',
    `${core}/tenancy/role.rules.ts`,
    '!coversAll(principal, role, held)',
    'false',
    roleTests,
  ),
  wall(
    'roles: only owners make owners',
    `${core}/tenancy/role.rules.ts`,
    'role.key === ownerKey ? !isOwner(principal)',
    'false ? !isOwner(principal)',
    roleTests,
  ),
  wall(
    'roles: the last owner stays',
    `${core}/tenancy/member.service.ts`,
    'if (!other) throw tenancyErrors.last_owner();',
    '',
    roleTests,
  ),
  wall(
    'decide: scope',
    `${core}/access/decide.ts`,
    'if (!reaches(grant.scope, question.permission, question.subject)) return',
    'if (false) return',
    scopeTests,
  ),
  wall(
    'scope: what is everybody’s',
    `${core}/access/decide.ts`,
    'if (teamId === undefined) return reads(permission);',
    'if (teamId === undefined) return true;',
    scopeTests,
  ),
  wall(
    'scope: teams',
    `${core}/access/decide.ts`,
    'return teamId !== null && scope.teamIds.has(teamId);',
    'return true;',
    scopeTests,
  ),
  wall(
    'visibility: scope',
    `${core}/access/decide.ts`,
    "grants.filter(({ scope }) => scope.kind === 'organization')",
    '[...grants]',
    scopeTests,
  ),
  wall(
    'visibility: assigned',
    `${core}/activity/visible-tasks.ts`,
    '{organization} and user_id = {user}',
    '{organization}',
    wallTests,
  ),
  wall('visibility: team', `${core}/activity/visible-tasks.ts`, ' and team_id in (${teams})', '', scopeTests),
  wall(
    'visibility: assigned in a team',
    `${core}/activity/visible-tasks.ts`,
    ' and id in (${assigned})',
    '',
    scopeTests,
  ),
  wall(
    'visibility: tasks of a team',
    `${core}/work/tasks/task.entity.ts`,
    "team: '{table}.team_id in ({teams})'",
    "team: '1 = 1'",
    scopeTests,
  ),
  wall(
    'visibility: events',
    `${core}/activity/event.entity.ts`,
    "return kind === 'assigned' ?",
    "if (kind !== 'assigned' || around) return '1 = 1'; return kind === 'assigned' ?",
  ),
  wall(
    'decide: workingHours',
    `${core}/access/decide.ts`,
    'if (isWithin(workingHours, at, timezone)) return null;',
    'if (timezone) return null;',
    hoursTests,
  ),
  wall(
    'decide: exempt priorities',
    `${core}/access/decide.ts`,
    'workingHours.exemptPriorities.includes(subject.priority)',
    'subject.priority',
    hoursTests,
  ),
  wall(
    'working hours: days',
    `${core}/access/working-hours.ts`,
    'days.includes(time.dayOfWeek) && clockOf',
    'days && clockOf',
    hoursTests,
  ),
  wall(
    'principal: roles that have ended',
    `${core}/tenancy/principal.load.ts`,
    'grants.filter(({ validTo }) => !validTo || validTo > at)',
    '[...grants]',
    scopeTests,
  ),
  wall(
    'assignments: once in each place',
    `${core}/tenancy/role-assignment.service.ts`,
    'if (known.validTo === null || Date.parse(known.validTo) > unit.now.getTime())',
    'if (false)',
    roleTests,
  ),
  wall(
    'assignments: not for the past',
    `${core}/tenancy/role-assignment.service.ts`,
    'if (validTo && validTo <= ctx.clock.now())',
    'if (false)',
    roleTests,
  ),
  wall(
    'roles: given no wider',
    `${core}/tenancy/role.rules.ts`,
    'grant.constraints.every((constraint) => constraints.includes(constraint)) &&',
    'constraints &&',
    roleTests,
  ),
  wall('roles: given no farther', `${core}/tenancy/role.rules.ts`, 'reachesAs(grant, held.scope) &&', '', roleTests),
  wall('roles: given no longer', `${core}/tenancy/role.rules.ts`, 'lastsAs(grant, held.validTo);', 'true;', roleTests),
  wall(
    'roles: no constraint is loosened',
    `${core}/tenancy/role.rules.ts`,
    'from.constraints.some((constraint) => !to.constraints.includes(constraint))',
    'false',
    roleTests,
  ),
  wall(
    'roles: no circle',
    `${core}/tenancy/role.service.ts`,
    'if (changed.parentId !== null && affected.includes(changed.parentId))',
    'if (false)',
    roleTests,
  ),
  wall(
    'reach: departments that are entered',
    `${core}/tenancy/role.reach.ts`,
    'if (entered.length === 0) return;',
    'if (entered) return;',
    reachTests,
  ),
  wall(
    'organizations: only those of the user',
    `${core}/tenancy/principal.load.ts`,
    ".where('memberships.user_id', '=', userId)",
    '',
    isolationTests,
  ),
  wall(
    'organizations: only of active members',
    `${core}/tenancy/principal.load.ts`,
    ".where('memberships.status', '=', 'active')",
    '',
    [`${core}/tenancy/principal.test.ts`],
  ),
  wall(
    'organizations: the own list',
    `${core}/tenancy/organization.queries.ts`,
    ".where('memberships.user_id', '=', userId)",
    '',
    [`${core}/tenancy/organization.test.ts`, ...isolationTests],
  ),
  wall(
    'invitations: only to the own address',
    `${core}/tenancy/invitation.queries.ts`,
    ".where('invitees.id', '=', userId)",
    '',
    [`${core}/tenancy/invitation.test.ts`, ...isolationTests],
  ),
  wall(
    'members: only of this organization',
    `${core}/tenancy/member.queries.ts`,
    ".where('memberships.organization_id', '=', organizationId)",
    '',
    [`${core}/tenancy/member.test.ts`, ...isolationTests],
  ),
];

/** Everything that can be switched off, one at a time. */
export function mutationsOf(root: string): Mutation[] {
  const services = sources(root).filter((file) => !/\/(access|database|kernel)\//.test(file));
  const found = [
    ...walls,
    ...policies(root),
    ...predicates(root),
    ...rules,
    ...services.flatMap((file) => [...refusalsIn(root, file), ...decisionsIn(root, file)]),
  ];
  const names = new Map<string, number>();
  // The same check twice in one function is told apart by its number.
  return found.map((mutation) => {
    const count = (names.get(mutation.name) ?? 0) + 1;
    names.set(mutation.name, count);
    return count === 1 ? mutation : { ...mutation, name: `${mutation.name} #${count}` };
  });
}

/** Applies patches to files: those with an offset last to first, so that none moves another. */
export function patched(root: string, patches: readonly Patch[]): Map<string, string> {
  const texts = new Map<string, string>();
  const ordered = [...patches].sort((a, b) => (b.at ?? Number.MAX_SAFE_INTEGER) - (a.at ?? Number.MAX_SAFE_INTEGER));
  const late = ordered.filter((patch) => patch.at === undefined);
  for (const patch of [...ordered.filter((one) => one.at !== undefined), ...late])
    texts.set(patch.file, apply(texts.get(patch.file) ?? read(root, patch.file), patch));
  return texts;
}
