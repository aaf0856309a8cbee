import { describe, expect, it } from 'vitest';
import type { Constraint, Principal } from '../kernel/principal.ts';
import { authorize, decide, effectivePermissions, opensClosed, rolesGranting, visibility } from './decide.ts';
import { type BuiltInRoleKey, builtInRoles, type Permission, permissions } from './permissions.ts';

const grant = (given: readonly Permission[], ...constraints: Constraint[]) => ({
  roleId: 'role',
  roleKey: 'custom',
  permissions: new Set<string>(given),
  constraints,
  scope: { kind: 'organization' } as const,
  validTo: null,
});

const holding = (...grants: ReturnType<typeof grant>[]): Principal => ({
  userId: 'me',
  sessionId: null,
  emailVerified: true,
  organizationId: 'organization',
  grants,
});

const free = grant(['task:read', 'task:update']);
const assigned = grant(['task:read', 'task:update'], 'assignedOnly');
const mine = { people: ['somebody', 'me'] };
const theirs = { people: ['somebody'] };

describe('a decision', () => {
  it('allows what a grant gives, and nothing else', () => {
    expect(decide(holding(free), 'task:update')).toEqual({ allowed: true });
    expect(decide(holding(free), 'task:delete')).toMatchObject({ allowed: false, permission: 'task:delete' });
    expect(decide(holding(), 'task:update')).toMatchObject({ allowed: false });
  });

  it('names the built-in roles that would allow it, the strongest first', () => {
    expect(decide(holding(), 'task:delete_any')).toEqual({
      allowed: false,
      permission: 'task:delete_any',
      grantedBy: ['owner', 'admin', 'manager'],
    });
    for (const permission of permissions) expect(rolesGranting(permission)).toContain('owner');
  });

  it('holds a constraint against the row, and says which one failed', () => {
    expect(decide(holding(assigned), 'task:update', mine)).toEqual({ allowed: true });
    expect(decide(holding(assigned), 'task:update', theirs)).toMatchObject({
      allowed: false,
      constraint: { kind: 'assignedOnly' },
    });
    expect(decide(holding(assigned), 'task:update', { people: [] })).toMatchObject({ allowed: false });
  });

  it('asks for the permission alone without a row, and of rows without people', () => {
    expect(decide(holding(assigned), 'task:update')).toEqual({ allowed: true });
    expect(decide(holding(assigned), 'task:update', {})).toEqual({ allowed: true });
  });

  it('takes any one grant, each with its own constraints', () => {
    expect(decide(holding(assigned, free), 'task:update', theirs)).toEqual({ allowed: true });
    const other = grant(['tag:read']);
    expect(decide(holding(assigned, other), 'task:update', theirs)).toMatchObject({ allowed: false });
  });
});

describe('a closed place', () => {
  const inside = { ...mine, places: { team: null, project: 'private' } };
  const closed = (...memberIds: string[]) => ({ closed: { opensWith: 'project:read_private', memberIds } });

  it('is reached by its members, and by those who have the permission that opens it', () => {
    expect(decide(holding(free), 'task:update', { ...inside, ...closed('me') })).toEqual({ allowed: true });
    expect(decide(holding(free), 'task:update', { ...inside, ...closed('somebody') })).toMatchObject({
      allowed: false,
      constraint: { kind: 'closed' },
    });
    const reader = grant(['project:read_private']);
    expect(decide(holding(free, reader), 'task:update', { ...inside, ...closed() })).toEqual({ allowed: true });
  });

  it('is opened by no role in a part of the organization', () => {
    for (const kind of ['team', 'project'] as const) {
      const scope = { kind, id: 'private', place: kind, placeIds: new Set(['private']) };
      const narrow = { ...grant(['task:update', 'project:read_private']), scope };
      const principal = { ...holding(), grants: [narrow] };
      expect(opensClosed(principal, 'project:read_private')).toBe(false);
      const subject = { people: ['me'], places: { team: 'private', project: 'private' } };
      expect(decide(principal, 'task:update', subject).allowed).toBe(true);
      expect(decide(principal, 'task:update', { ...subject, ...closed() }).allowed).toBe(false);
    }
  });
});

describe('a shared row', () => {
  it('is read from every scope, and written where it is', () => {
    const scope = { kind: 'team', id: 'a', place: 'team', placeIds: new Set(['a']) } as const;
    const principal = { ...holding(), grants: [{ ...grant(['project:read', 'project:update']), scope }] };
    const elsewhere = { places: { project: 'b' }, shared: true };
    expect(decide(principal, 'project:read', elsewhere)).toEqual({ allowed: true });
    expect(decide(principal, 'project:read', { places: { project: 'b' } }).allowed).toBe(false);
    expect(decide(principal, 'project:update', elsewhere).allowed).toBe(false);
  });
});

describe('visibility', () => {
  it('is all, some or none', () => {
    expect(visibility(holding(free), 'task:read')).toBe('all');
    expect(visibility(holding(assigned, free), 'task:read')).toBe('all');
    expect(visibility(holding(assigned), 'task:read')).toEqual([{ place: null, placeIds: [], own: true }]);
    expect(visibility(holding(assigned), 'comment:read')).toBe('none');
    expect(visibility(holding(), 'task:read')).toBe('none');
  });
});

describe('authorize', () => {
  it('lets pass what is allowed', () => {
    expect(() => authorize({ principal: holding(assigned) }, 'task:update', mine)).not.toThrow();
  });

  it('refuses who is not signed in', () => {
    expect(() => authorize({ principal: null }, 'task:update')).toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    );
  });

  it('tells an administrator what is missing', () => {
    expect(() => authorize({ principal: holding(free) }, 'role:read')).toThrow(
      expect.objectContaining({
        code: 'permission_denied',
        details: expect.objectContaining({ permission: 'role:read', grantedBy: rolesGranting('role:read') }),
      }),
    );
    expect(() => authorize({ principal: holding(assigned) }, 'task:update', theirs)).toThrow(
      expect.objectContaining({
        code: 'permission_denied',
        details: expect.objectContaining({ constraint: { kind: 'assignedOnly' } }),
      }),
    );
  });
});

describe('the built-in roles', () => {
  const of = (key: BuiltInRoleKey): readonly Permission[] => builtInRoles[key].permissions;

  it('contain each other, from the owner down', () => {
    const line = ['owner', 'admin', 'manager', 'member', 'viewer'] as const;
    for (const [index, key] of line.slice(1).entries())
      expect(of(line[index] ?? 'owner')).toEqual(expect.arrayContaining([...of(key)]));
    expect([...of('owner')].sort()).toEqual([...permissions].sort());
  });

  it('never let viewers and auditors write', () => {
    const reads = (permission: string) =>
      permission.endsWith(':read') || ['project:read_private', 'audit:export'].includes(permission);
    for (const key of ['viewer', 'auditor'] as const)
      expect(of(key).filter((permission) => !reads(permission))).toEqual([]);
  });

  it('give together what each gives', () => {
    expect(effectivePermissions(holding(grant(['tag:read']), grant(['task:read'])))).toEqual(['task:read', 'tag:read']);
  });
});
