import { describe, expect, it } from 'vitest';
import { builtInRoleKeys, type BuiltInRoleKey } from '../../access/index.ts';
import type { Grant, Principal } from '../../kernel/principal.ts';
import { definitionOf } from './role.hierarchy.ts';
import { refuseBeyondOwn } from './role.rules.ts';

const principal = (...keys: BuiltInRoleKey[]) => ({
  userId: 'user',
  sessionId: null,
  emailVerified: true,
  organizationId: 'organization',
  grants: keys.map((roleKey) => ({
    roleId: roleKey,
    roleKey,
    ...definitionOf(roleKey),
    scope: { kind: 'organization' } as const,
    validTo: null,
  })),
});

const role = (key: BuiltInRoleKey) => ({ key, ...definitionOf(key) });

/** Which roles somebody with these roles may give and take. */
const within = (...keys: BuiltInRoleKey[]) =>
  builtInRoleKeys.filter((key) => {
    try {
      refuseBeyondOwn(principal(...keys), [role(key)]);
      return true;
    } catch {
      return false;
    }
  });

describe('nobody gives or takes more than they hold', () => {
  it.each<[BuiltInRoleKey, BuiltInRoleKey[]]>([
    ['owner', ['owner', 'admin', 'manager', 'member', 'viewer', 'developer', 'auditor']],
    ['admin', ['admin', 'manager', 'member', 'viewer', 'developer', 'auditor']],
    // An auditor sees private projects of others.
    ['manager', ['manager', 'member', 'viewer', 'developer']],
    ['member', ['member', 'viewer', 'developer']],
    ['viewer', ['viewer']],
    ['auditor', ['viewer', 'auditor']],
    // Holds a member's permissions, but only for what is assigned to them.
    ['developer', ['developer']],
  ])('%s: %j', (key, expected) => {
    expect(within(key).sort()).toEqual([...expected].sort());
  });

  it('counts roles together, each with its constraints', () => {
    expect(within('developer', 'viewer').sort()).toEqual(['developer', 'viewer']);
    expect(within('developer', 'auditor').sort()).toEqual(['auditor', 'developer', 'viewer']);
    expect(within()).toEqual([]);
  });

  it.each<[string, Partial<Grant>, Partial<Principal>?]>([
    ['for a time', { validTo: new Date() }],
    ['in a team', { scope: { kind: 'team', id: 'team', place: 'team', placeIds: new Set(['team']) } }],
    ['by an API key', {}, { apiKeyId: 'key' }],
  ])('does not let somebody who is owner %s give the role', (_, grant, rest) => {
    const owner = principal('owner');
    const limited = { ...owner, ...rest, grants: owner.grants.map((one) => ({ ...one, ...grant })) };
    expect(() => refuseBeyondOwn(owner, [role('owner')])).not.toThrow();
    expect(() => refuseBeyondOwn(limited, [role('owner')])).toThrow(
      expect.objectContaining({ code: 'role_exceeds_own' }),
    );
  });

  it('names the role that is beyond', () => {
    expect(() => refuseBeyondOwn(principal('admin'), [role('member'), role('owner')])).toThrow(
      expect.objectContaining({ code: 'role_exceeds_own', message: expect.stringContaining('owner') }),
    );
  });

  it('knows nothing of unknown roles', () => {
    expect(definitionOf('toString')).toEqual({ permissions: new Set(), constraints: [] });
  });
});
