import { type Mutation, mutation } from './mutation.ts';
import { core, isolationTests } from './sources.ts';

const roleTests = ['roles/role.rules', 'roles/role', 'members/member'].map((name) => `${core}/tenancy/${name}.test.ts`);
const reachTests = [`${core}/tenancy/roles/role.move-guard.test.ts`];
const scopeTests = [`${core}/work/tasks/task.scope.test.ts`];

const keyTests = [`${core}/tenancy/api-keys/api-key.test.ts`];

/** What an API key narrows its user to. */
export const apiKeys: readonly Mutation[] = [
  mutation(
    'API keys: only their scopes',
    `${core}/tenancy/principals/principal.ts`,
    '.filter((permission) => scopes.has(permission))',
    '',
    keyTests,
  ),
  mutation(
    'API keys: only their organization',
    `${core}/tenancy/principals/principal.ts`,
    'memberships.filter((membership) => membership.organizationId === organizationId)',
    'memberships.filter(() => organizationId)',
    keyTests,
  ),
  mutation('API keys: no owner', `${core}/tenancy/roles/role.rules.ts`, '!apiKeyId &&', '', keyTests),
  mutation(
    'API keys: nobody lets more than their own work again',
    `${core}/tenancy/api-keys/api-key.service.ts`,
    'key.userId !== principal.userId) refuseBeyondOwnOf',
    'false) refuseBeyondOwnOf',
    keyTests,
  ),
];

/** Who belongs to an organization, and which roles they may give. */
export const tenancy: readonly Mutation[] = [
  mutation(
    'organizations: not for a session that was cut off',
    `${core}/tenancy/principals/principal.ts`,
    'sessionStartedAt <= sessionsEndedAt',
    'false',
    [`${core}/tenancy/members/member.sessions.test.ts`],
  ),
  mutation(
    'roles: nobody gives more than they hold',
    `${core}/tenancy/roles/role.rules.ts`,
    '!coversAll(principal, role, held)',
    'false',
    roleTests,
  ),
  mutation(
    'roles: only owners make owners',
    `${core}/tenancy/roles/role.rules.ts`,
    'role.key === ownerKey ? !isOwner(principal)',
    'false ? !isOwner(principal)',
    [...roleTests, ...keyTests],
  ),
  mutation(
    'principal: roles that have ended',
    `${core}/tenancy/principals/principal.load.ts`,
    'grants.filter(({ validTo }) => !validTo || validTo > at)',
    '[...grants]',
    scopeTests,
  ),
  mutation(
    'assignments: once in each place',
    `${core}/tenancy/role-assignments/role-assignment.service.ts`,
    'if (known.validTo === null || Date.parse(known.validTo) > unit.now.getTime())',
    'if (false)',
    roleTests,
  ),
  mutation(
    'assignments: not for the past',
    `${core}/tenancy/role-assignments/role-assignment.service.ts`,
    'if (validTo && validTo <= ctx.clock.now())',
    'if (false)',
    roleTests,
  ),
  mutation(
    'roles: given no wider',
    `${core}/tenancy/roles/role.rules.ts`,
    'grant.constraints.every((constraint) => constraints.includes(constraint)) &&',
    'constraints &&',
    roleTests,
  ),
  mutation(
    'roles: given no farther',
    `${core}/tenancy/roles/role.rules.ts`,
    'reachesAs(grant, held.scope) &&',
    '',
    roleTests,
  ),
  mutation(
    'roles: given no longer',
    `${core}/tenancy/roles/role.rules.ts`,
    'lastsAs(grant, held.validTo);',
    'true;',
    roleTests,
  ),
  mutation(
    'roles: no constraint is loosened',
    `${core}/tenancy/roles/role.rules.ts`,
    'from.constraints.some((constraint) => !to.constraints.includes(constraint))',
    'false',
    roleTests,
  ),
  mutation(
    'reach: departments that are entered',
    `${core}/tenancy/roles/role.move-guard.ts`,
    'if (entered.length === 0) return;',
    'if (entered) return;',
    reachTests,
  ),
  mutation(
    'organizations: only those of the user',
    `${core}/tenancy/principals/principal.load.ts`,
    ".where('memberships.user_id', '=', userId)",
    '',
    isolationTests,
  ),
  mutation(
    'organizations: only of active members',
    `${core}/tenancy/principals/principal.load.ts`,
    ".where('memberships.status', '=', 'active')",
    '',
    [`${core}/tenancy/principals/principal.test.ts`],
  ),
  mutation(
    'organizations: the own list',
    `${core}/tenancy/organizations/organization.queries.ts`,
    ".where('memberships.user_id', '=', userId)",
    '',
    [`${core}/tenancy/organizations/organization.test.ts`, ...isolationTests],
  ),
  mutation(
    'invitations: only to the own address',
    `${core}/tenancy/invitations/invitation.queries.ts`,
    ".where('invitees.id', '=', userId)",
    '',
    [`${core}/tenancy/invitations/invitation.test.ts`, ...isolationTests],
  ),
  mutation(
    'members: only of this organization',
    `${core}/tenancy/members/member.queries.ts`,
    ".where('memberships.organization_id', '=', organizationId)",
    '',
    [`${core}/tenancy/members/member.test.ts`, ...isolationTests],
  ),
];
