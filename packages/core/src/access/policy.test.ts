import { describe, expect, it } from 'vitest';
import { usualPolicy } from './decide.ts';
import {
  authorize,
  type BuiltInRoleKey,
  builtInRoleKeys,
  builtInRoles,
  decide,
  permissions,
  type Subject,
  visibility,
} from './index.ts';
import type { Principal } from '../kernel/principal.ts';

/**
 * The access policy: what each built-in role may do. `own` is only with tasks that are assigned to oneself; `hours` only in working
 * hours, from 09:00 to 18:00, Monday to Friday, in one's own time zone, except what is critical.
 */
const policy = `
                         owner      admin      manager    member     viewer     developer  auditor
organization:read        yes        yes        yes        yes        yes        yes        yes
organization:update      yes        yes        -          -          -          -          -
organization:deactivate  yes        -          -          -          -          -          -
organization:delete      yes        -          -          -          -          -          -
organization:transfer    yes        -          -          -          -          -          -
member:read              yes        yes        yes        yes        yes        yes        yes
member:invite            yes        yes        -          -          -          -          -
member:update            yes        yes        -          -          -          -          -
member:remove            yes        yes        -          -          -          -          -
role:read                yes        yes        yes        yes        yes        yes        yes
role:create              yes        yes        -          -          -          -          -
role:update              yes        yes        -          -          -          -          -
role:delete              yes        yes        -          -          -          -          -
department:read          yes        yes        yes        yes        yes        yes        yes
department:create        yes        yes        -          -          -          -          -
department:update        yes        yes        -          -          -          -          -
department:delete        yes        yes        -          -          -          -          -
api_key:read             yes        yes        yes        yes        yes        yes        yes
api_key:create           yes        yes        -          -          -          -          -
api_key:update           yes        yes        -          -          -          -          -
api_key:delete           yes        yes        -          -          -          -          -
service_account:read     yes        yes        yes        yes        yes        yes        yes
service_account:create   yes        yes        -          -          -          -          -
service_account:update   yes        yes        -          -          -          -          -
service_account:delete   yes        yes        -          -          -          -          -
identity_provider:read   yes        yes        yes        yes        yes        yes        yes
identity_provider:manage yes        -          -          -          -          -          -
team:read                yes        yes        yes        yes        yes        yes        yes
team:create              yes        yes        -          -          -          -          -
team:update              yes        yes        -          -          -          -          -
team:delete              yes        yes        -          -          -          -          -
project:read             yes        yes        yes        yes        yes        yes        yes
project:read_private     yes        yes        -          -          -          -          yes
project:create           yes        yes        yes        -          -          -          -
project:update           yes        yes        yes        -          -          -          -
project:delete           yes        yes        yes        -          -          -          -
task:read                yes        yes        yes        yes        yes        own        yes
task:create              yes        yes        yes        yes        -          own, hours -
task:update              yes        yes        yes        yes        -          own, hours -
task:delete              yes        yes        yes        yes        -          own, hours -
task:delete_any          yes        yes        yes        -          -          -          -
task:reassign            yes        yes        yes        -          -          -          -
tag:read                 yes        yes        yes        yes        yes        yes        yes
tag:create               yes        yes        yes        yes        -          hours      -
tag:update               yes        yes        yes        -          -          -          -
tag:delete               yes        yes        yes        -          -          -          -
comment:read             yes        yes        yes        yes        yes        own        yes
comment:create           yes        yes        yes        yes        -          own, hours -
comment:delete_any       yes        yes        yes        -          -          -          -
attachment:read          yes        yes        yes        yes        yes        own        yes
attachment:create        yes        yes        yes        yes        -          own, hours -
attachment:delete        yes        yes        yes        yes        -          own, hours -
attachment:delete_any    yes        yes        yes        -          -          -          -
activity:read            yes        yes        yes        yes        yes        own        yes
event:read               yes        yes        yes        yes        yes        own        yes
analytics:read           yes        yes        yes        yes        yes        yes        yes
usage:read               yes        yes        -          -          -          -          yes
audit:read               yes        yes        -          -          -          -          yes
audit:export             yes        yes        -          -          -          -          yes
webhook:read             yes        yes        -          -          -          -          -
webhook:create           yes        yes        -          -          -          -          -
webhook:update           yes        yes        -          -          -          -          -
webhook:delete           yes        yes        -          -          -          -          -
`;

const lines = policy.trimEnd().split('\n').slice(1);
const header = lines[0] ?? '';
/** Columns begin where their role stands in the first line. */
const columns = builtInRoleKeys.map((role) => ({ role, from: header.indexOf(role) }));
const rows = lines.slice(1).map((line) => {
  const cells = columns.map(
    ({ role, from }, index) => [role, line.slice(from, columns[index + 1]?.from).trim()] as const,
  );
  return { permission: line.slice(0, columns[0]?.from).trim(), cells };
});

const holding = (role: BuiltInRoleKey): Principal => ({
  userId: 'me',
  sessionId: null,
  emailVerified: true,
  organizationId: 'organization',
  timezone: 'UTC',
  policy: usualPolicy,
  grants: [
    {
      roleId: role,
      roleKey: role,
      permissions: new Set<string>(builtInRoles[role].permissions),
      constraints: builtInRoles[role].constraints,
      scope: { kind: 'organization' },
      validTo: null,
    },
  ],
});

const mondayMorning = new Date('2026-11-23T10:00:00Z');
const sunday = new Date('2026-11-22T10:00:00Z');
const mine = { people: ['me'], places: { team: null }, priority: 'medium' };
const theirs = { ...mine, people: ['them'] };
/** Other things are nobody's own. */
const belongsToTask = /^(task|comment|attachment|activity|event):/;

/** What the code decides, in the words of the table. */
function decided(role: BuiltInRoleKey, permission: (typeof permissions)[number]): string {
  const may = (subject: Subject, at: Date) =>
    decide(holding(role), permission, belongsToTask.test(permission) ? subject : {}, at).allowed;
  if (!may(mine, mondayMorning)) return '-';
  const words = [may(theirs, mondayMorning) ? [] : ['own'], may(mine, sunday) ? [] : ['hours']].flat();
  return words.join(', ') || 'yes';
}

describe('the access policy', () => {
  it('lists every permission once, in the order of the catalogue', () => {
    expect(rows.map((row) => row.permission)).toEqual([...permissions]);
  });

  it.each(rows.flatMap(({ permission, cells }) => cells.map(([role, cell]) => [role, permission, cell] as const)))(
    '%s: %s: %s',
    (role, name, cell) => {
      const permission = permissions.find((known) => known === name);
      expect(permission && decided(role, permission)).toBe(cell);
    },
  );

  it('reaches what it says: a list shows what a decision allows to read', () => {
    for (const role of builtInRoleKeys)
      expect(visibility(holding(role), 'task:read')).toEqual(
        role === 'developer' ? [{ place: null, placeIds: [], own: true }] : 'all',
      );
  });

  it('lets a critical task be written at any hour', () => {
    const developer = { principal: holding('developer'), clock: { now: () => sunday } };
    expect(() => authorize(developer, 'task:update', { ...mine, priority: 'critical' })).not.toThrow();
    expect(() => authorize(developer, 'task:update', mine)).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          permission: 'task:update',
          grantedBy: ['owner', 'admin', 'manager', 'member', 'developer'],
          constraint: { kind: 'workingHours', allowedAgainAt: '2026-11-23T09:00:00.000Z', timezone: 'UTC' },
        }),
      }),
    );
  });
});
