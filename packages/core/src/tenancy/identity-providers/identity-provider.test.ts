import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../access/index.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { acting } from '../../testing/acting.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { anonymous, codeOf, codesOf } from '../../testing/people.ts';
import { setMemberRoles } from '../members/member.service.ts';
import { setOrganizationTier } from '../organizations/organization.service.ts';
import { RoleCreate } from '../roles/role.schema.ts';
import { createRole, deleteRole } from '../roles/role.service.ts';
import { tierLimits } from '../organizations/tiers.ts';
import { clientSecret, IdentityProviderEntity } from './identity-provider.entity.ts';
import { getIdentityProvider, listIdentityProviders, mappingsOf } from './identity-provider.queries.ts';
import { IdentityProviderCreate, IdentityProviderListInput } from './identity-provider.schema.ts';
import { createIdentityProvider, deleteIdentityProvider, updateIdentityProvider } from './identity-provider.service.ts';

const input = (fields: object = {}) =>
  IdentityProviderCreate.parse({
    label: 'Single sign-on',
    issuer: 'https://id.example.com',
    clientId: 'tenon',
    ...fields,
  });

describe.each(dialects)('identity providers on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let other: TestOrganization;
  let owner: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    other = await createOrganization(platform, 'Other');
    ({ owner } = acme);
  });
  afterAll(() => platform.dispose());

  const create = (fields: object = {}) => createIdentityProvider(owner.ctx(), input(fields));
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: { code: string; details: object }) => ({ code: error.code, ...error.details }),
    );
  const eventsOf = async (id: string) => {
    const rows = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select([
          'events.type',
          'events.actor_id as actorId',
          'events.organization_id as organizationId',
          'event_payloads.payload',
        ])
        .where('events.entity_id', '=', id)
        .orderBy('events.id')
        .execute(),
    );
    return rows;
  };
  /** Somebody who holds these permissions and no others. */
  const holding = async (...permissions: Permission[]) => {
    const member = await acme.addMember();
    const { id } = await createRole(owner.ctx(), RoleCreate.parse({ name: 'Particular', permissions }));
    await setMemberRoles(owner.ctx(), { organizationId: acme.id, userId: member.userId, roleIds: [id] });
    return { ctx: () => acting(platform, member.userId, acme.id), roleId: id };
  };

  it('are answered with what to register at the issuer, and without their secret', async () => {
    const made = await create({ clientSecret: 'not to be seen' });
    expect(made).toMatchObject({
      hasClientSecret: true,
      scopes: ['openid', 'email', 'profile'],
      enabled: true,
      createMembers: true,
      defaultRoleId: acme.roleIds.member,
      roleClaim: null,
      roleMappings: [],
      redirectUri: `http://localhost:8000/api/v1/auth/oidc/callback/${made.id}`,
      backchannelLogoutUri: `http://localhost:8000/api/v1/auth/oidc/backchannel-logout/${made.id}`,
      createdBy: { id: owner.userId },
      version: 1,
    });
    expect(await getIdentityProvider(owner.ctx(), { id: made.id })).toEqual(made);
    const { data } = await listIdentityProviders(owner.ctx(), IdentityProviderListInput.parse({}));
    expect(data).toContainEqual(made);
    expect(JSON.stringify([made, await eventsOf(made.id)])).not.toContain('not to be seen');
  });

  it('keep their secret sealed, for their own row alone', async () => {
    const { id } = await create({ clientSecret: 'not to be seen' });
    const { sealed } = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('identity_providers')
        .select('client_secret as sealed')
        .where('id', '=', id)
        .executeTakeFirstOrThrow(),
    );
    expect(sealed).toMatch(/^v1\./);
    expect(clientSecret.unseal(platform.settings, [acme.id, id], sealed ?? '')).toBe('not to be seen');
    expect(() => clientSecret.unseal(platform.settings, [other.id, id], sealed ?? '')).toThrow('another place');
  });

  it('change as far as they are told to, with a trace', async () => {
    const made = await create({ clientSecret: 'first', roleMappings: [{ value: 'a', roleId: acme.roleIds.admin }] });
    const changed = await updateIdentityProvider(owner.ctx(), {
      id: made.id,
      label: 'Other label',
      clientId: 'other',
      scopes: ['openid', 'groups'],
      enabled: false,
      createMembers: false,
      defaultRoleId: null,
      roleClaim: 'groups',
      roleMappings: [
        { value: 'b', roleId: acme.roleIds.viewer },
        { value: 'a', roleId: acme.roleIds.admin },
      ],
    });
    expect(changed).toMatchObject({
      label: 'Other label',
      clientId: 'other',
      scopes: ['openid', 'groups'],
      enabled: false,
      createMembers: false,
      defaultRoleId: null,
      roleClaim: 'groups',
      roleMappings: [
        { value: 'a', roleId: acme.roleIds.admin },
        { value: 'b', roleId: acme.roleIds.viewer },
      ],
      hasClientSecret: true,
      version: 2,
    });
    const mapped = await updateIdentityProvider(owner.ctx(), { id: made.id, roleMappings: [] });
    expect([mapped.roleMappings, mapped.version]).toEqual([[], 3]);
    const resealed = await updateIdentityProvider(owner.ctx(), { id: made.id, clientSecret: 'second' });
    expect(resealed.version).toBe(4);
    const open = await updateIdentityProvider(owner.ctx(), { id: made.id, clientSecret: null });
    expect([open.hasClientSecret, open.version]).toEqual([false, 5]);
    expect(await updateIdentityProvider(owner.ctx(), { id: made.id, label: 'Other label' })).toEqual(open);
    await deleteIdentityProvider(owner.ctx(), { id: made.id });
    expect(await codeOf(getIdentityProvider(owner.ctx(), { id: made.id }))).toBe('identity_provider_not_found');
    const told = await eventsOf(made.id);
    expect(told.map(({ type, actorId, organizationId }) => [type, actorId, organizationId])).toEqual(
      ['created', 'updated', 'updated', 'updated', 'updated', 'deleted'].map((what) => [
        `identity_provider.${what}`,
        owner.userId,
        acme.id,
      ]),
    );
    expect(told[3]?.payload).toMatchObject({ changes: {}, data: { clientSecretReplaced: true, version: 4 } });
  });

  it('check the version', async () => {
    const { id } = await create();
    const stale = { ifMatch: 7 };
    expect(await codeOf(updateIdentityProvider(owner.ctx(stale), { id, label: 'x' }))).toBe('version_conflict');
    expect(await codeOf(deleteIdentityProvider(owner.ctx(stale), { id }))).toBe('version_conflict');
  });

  it('send no secret to another issuer', async () => {
    const { id } = await create({ clientSecret: 'known to one' });
    const issuer = 'https://elsewhere.example.com';
    expect(await refusal(updateIdentityProvider(owner.ctx(), { id, issuer }))).toMatchObject({
      code: 'validation_failed',
      field: ['clientSecret'],
    });
    expect(await updateIdentityProvider(owner.ctx(), { id, issuer, clientSecret: 'another' })).toMatchObject({
      issuer,
    });
  });

  it('stand where TLS is, unless the operator allows private networks', async () => {
    const issuer = 'http://localhost:8080';
    const refused = { code: 'validation_failed', field: ['issuer'] };
    expect(await refusal(create({ issuer }))).toMatchObject(refused);
    const { id } = await create();
    expect(await refusal(updateIdentityProvider(owner.ctx(), { id, issuer }))).toMatchObject(refused);
    for (const wrong of [
      'http://id.example.com',
      'ftp://localhost',
      'https://a:b@c.example',
      'https://c.example/?a',
      'x',
    ])
      expect(IdentityProviderCreate.safeParse({ ...input(), issuer: wrong }).success).toBe(false);
  });

  it('give only roles that are there', async () => {
    const foreign = other.roleIds.viewer;
    expect(await refusal(create({ defaultRoleId: foreign }))).toMatchObject({
      code: 'role_not_found',
      field: ['defaultRoleId'],
    });
    const roleMappings = [
      { value: 'a', roleId: acme.roleIds.viewer },
      { value: 'b', roleId: foreign },
    ];
    const refused = { code: 'role_not_found', field: ['roleMappings', 1, 'roleId'] };
    expect(await refusal(create({ roleMappings }))).toMatchObject(refused);
    const { id } = await create();
    expect(await refusal(updateIdentityProvider(owner.ctx(), { id, roleMappings }))).toMatchObject(refused);
  });

  it('give no roles that allow more than those of who manages them', async () => {
    const manager = await holding('identity_provider:manage', 'identity_provider:read', 'task:read');
    const by = await manager.ctx();
    const { admin, owner: owning } = acme.roleIds;
    for (const roleId of [admin, owning]) {
      expect(await codeOf(createIdentityProvider(by, input({ defaultRoleId: roleId })))).toBe('role_exceeds_own');
      const roleMappings = [{ value: 'a', roleId }];
      const fields = input({ defaultRoleId: null, roleMappings });
      expect(await codeOf(createIdentityProvider(by, fields))).toBe('role_exceeds_own');
    }
    const mine = await createIdentityProvider(by, input({ defaultRoleId: manager.roleId }));
    expect(await codeOf(updateIdentityProvider(by, { id: mine.id, defaultRoleId: admin }))).toBe('role_exceeds_own');
    // Nor do they lead to another issuer what gives more.
    const { id } = await create({ roleMappings: [{ value: 'bosses', roleId: owning }], defaultRoleId: null });
    const moved = { id, issuer: 'https://elsewhere.example.com' };
    expect(await codeOf(updateIdentityProvider(by, moved))).toBe('role_exceeds_own');
  });

  it('hold the roles that they give', async () => {
    const { id: mapped } = await createRole(owner.ctx(), RoleCreate.parse({ name: 'Mapped' }));
    const { id: usual } = await createRole(owner.ctx(), RoleCreate.parse({ name: 'Usual' }));
    const provider = await create({ defaultRoleId: usual, roleMappings: [{ value: 'a', roleId: mapped }] });
    for (const id of [mapped, usual]) expect(await codeOf(deleteRole(owner.ctx(), { id }))).toBe('role_in_use');
    await updateIdentityProvider(owner.ctx(), { id: provider.id, defaultRoleId: null, roleMappings: [] });
    for (const id of [mapped, usual]) expect(await codeOf(deleteRole(owner.ctx(), { id }))).toBe('passed');
  });

  it('are for the tier that has them', async () => {
    const small = await createOrganization(platform, 'Small');
    const tier = (to: 'free' | 'pro' | 'enterprise') =>
      setOrganizationTier(anonymous(platform), { organization: small.id, tier: to });
    const { id } = await createIdentityProvider(small.owner.ctx(), input({ enabled: false }));
    for (const low of ['free', 'pro'] as const) {
      await tier(low);
      const refused = { code: 'limit_exceeded', limit: 'identityProviders', max: 0 };
      expect(await refusal(createIdentityProvider(small.owner.ctx(), input()))).toMatchObject(refused);
      const enable = updateIdentityProvider(small.owner.ctx(), { id, enabled: true });
      expect(await refusal(enable)).toMatchObject(refused);
      expect(await codeOf(updateIdentityProvider(small.owner.ctx(), { id, label: low }))).toBe('passed');
    }
    await tier('enterprise');
    expect(await codeOf(updateIdentityProvider(small.owner.ctx(), { id, enabled: true }))).toBe('passed');
  });

  it('are as many as the tier has room for, in each organization', async () => {
    const full = await createOrganization(platform, 'Full');
    const { userId } = full.owner;
    const now = platform.clock.now();
    const written = { version: 1, createdAt: now, createdById: userId, updatedAt: now, updatedById: userId };
    const { roleMappings: _, ...fields } = input({ defaultRoleId: null });
    const max = tierLimits.enterprise.identityProviders ?? 0;
    const rows = Array.from({ length: max }, () => ({
      ...fields,
      defaultRoleId: null,
      organizationId: full.id,
      id: uuidv7(),
      ...written,
    }));
    await writeThroughSystemDoor(anonymous(platform), (unit) => unit.insert(IdentityProviderEntity, ...rows));
    const refused = { code: 'limit_exceeded', limit: 'identityProviders', max };
    expect(await refusal(createIdentityProvider(full.owner.ctx(), input()))).toMatchObject(refused);
    expect(await codeOf(create())).toBe('passed');
  });

  it('are not managed by an API key', async () => {
    const { principal } = owner;
    const ctx = platform.context({ principal: { ...principal, apiKeyId: acme.id } });
    const { id } = await create();
    const codes = await Promise.all(
      [
        createIdentityProvider(ctx, input()),
        updateIdentityProvider(ctx, { id, enabled: false }),
        deleteIdentityProvider(ctx, { id }),
      ].map(codeOf),
    );
    expect(new Set(codes)).toEqual(new Set(['api_key_refused']));
  });

  it('are nobody else’s', async () => {
    const { id } = await create({ roleMappings: [{ value: 'a', roleId: acme.roleIds.viewer }] });
    const stranger = other.owner;
    const codes = await codesOf([
      getIdentityProvider(stranger.ctx(), { id }),
      updateIdentityProvider(stranger.ctx(), { id, label: 'Mine' }),
      deleteIdentityProvider(stranger.ctx(), { id }),
    ]);
    expect(codes).toEqual(['identity_provider_not_found']);
    const mappings = async (organizationId: string) =>
      (await readThroughIdentityDoor(platform.database, (db) => mappingsOf(db, organizationId, [id]))).get(id);
    expect(await mappings(acme.id)).toHaveLength(1);
    expect(await mappings(other.id)).toEqual([]);
  });
});
