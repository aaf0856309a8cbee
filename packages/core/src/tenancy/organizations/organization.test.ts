import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { authenticate } from '../../identity/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { createTestPlatform, dialects, type TestPlatform } from '../../testing/index.ts';
import { listOwnOrganizations, getOrganization } from './organization.queries.ts';
import { Organization, OrganizationCreate, OrganizationListInput } from './organization.schema.ts';
import { createOrganization } from '../ownership/organization.founding.ts';
import { updateOrganization } from './organization.service.ts';
import { listRoles } from '../roles/role.queries.ts';
import { Role, RoleListInput } from '../roles/role.schema.ts';
import { slugOf, uniqueSlugOf } from './slug.ts';
import { anonymous, codeOf, type SignedUpPerson, signUp } from '../../testing/people.ts';

describe('slugs', () => {
  it.each([
    ['Acme', 'acme'],
    ['  Müller & Söhne GmbH  ', 'muller-sohne-gmbh'],
    ['Ĳssel -- 42', 'ijssel-42'],
    ['株式会社', ''],
    [`${'long '.repeat(40)}`, 'long-'.repeat(10).slice(0, -1)],
  ])('of %j is %j', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  it('are never without letters', () => {
    expect(uniqueSlugOf('株式会社')).toMatch(/^organization-[a-z0-9]{6}$/);
  });

  it.each(['me', 'ME', 'a', 'a'.repeat(61), 'Acme', 'a_b', 'ä-b', 'users', uuidv7(), ''])('cannot be %j', (slug) => {
    expect(OrganizationCreate.safeParse({ name: 'Acme', slug }).success).toBe(false);
  });

  it.each(['ab', 'a'.repeat(60), '42', 'acme-2'])('can be %j', (slug) => {
    expect(OrganizationCreate.safeParse({ name: 'Acme', slug }).success).toBe(true);
  });

  it('and settings are held to their size', () => {
    const settings = (size: number) => OrganizationCreate.safeParse({ name: 'A', settings: { a: 'x'.repeat(size) } });
    expect([settings(16_000).success, settings(17_000).success]).toEqual([true, false]);
  });
});

describe.each(dialects)('organizations on %s', (dialect) => {
  let platform: TestPlatform;
  let person: SignedUpPerson;
  const list = OrganizationListInput.parse({});
  const path = { organizationId: 'of-the-context' };

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    person = await signUp(platform, { username: 'founder', fullName: 'Fee Founder' });
  });
  afterAll(() => platform.dispose());

  const create = async (input: OrganizationCreate, of = person) => createOrganization(await of.ctx('none'), input);
  const within = (id: string, of = person, mutation = {}) => of.ctx('required', { path: id }, mutation);
  const events = (organizationId: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actor', 'event_payloads.payload'])
        .where('events.organization_id', '=', organizationId)
        .orderBy('events.id')
        .execute(),
    );

  it('are created with the built-in roles, owned by their creator, and active in the session', async () => {
    const organization = await create({ name: 'Fjord & Co' });

    expect(Organization.strict().parse(organization)).toEqual(organization);
    expect(organization).toMatchObject({
      name: 'Fjord & Co',
      slug: 'fjord-co',
      tier: 'free',
      isActive: true,
      maxUsers: null,
      settings: {},
      createdBy: { id: person.user.id, username: 'founder', fullName: 'Fee Founder' },
      version: 1,
    });
    const ctx = await person.ctx('required');
    expect(ctx.principal).toMatchObject({ organizationId: organization.id, grants: [{ roleKey: 'owner' }] });
    const identity = await authenticate(platform.database, platform.settings, platform.clock, person.accessToken);
    expect(identity.activeOrganizationId).toBe(organization.id);
    expect(await events(organization.id)).toMatchObject([
      { type: 'organization.created', actor: person.user.id, payload: { data: { slug: 'fjord-co' } } },
    ]);

    const roles = await listRoles(ctx, RoleListInput.parse({ total: true }));
    expect(roles.total).toBe(7);
    expect(roles.data.map((role) => role.key).sort()).toEqual(
      ['admin', 'auditor', 'developer', 'manager', 'member', 'owner', 'viewer'].sort(),
    );
    for (const role of roles.data) expect(Role.strict().parse(role)).toEqual(role);
    expect(roles.data.find((role) => role.key === 'developer')).toMatchObject({
      builtIn: true,
      parentId: null,
      constraints: ['assignedOnly', 'workingHours'],
      permissions: expect.arrayContaining(['task:create']),
    });
  });

  it('share no slug: a given one is refused, a made one gives way', async () => {
    const [first, second] = [await create({ name: 'Twin' }), await create({ name: 'Twin' })];

    expect(first.slug).toBe('twin');
    expect(second.slug).toMatch(/^twin-[a-z0-9]{6}$/);
    expect(await codeOf(create({ name: 'Third', slug: 'twin' }))).toBe('slug_taken');
    expect((await create({ name: 'Me' })).slug).toMatch(/^me-[a-z0-9]{6}$/);
  });

  it('share none either when many of one name are created at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => create({ name: 'Crowd' })));

    expect(new Set(made.map((organization) => organization.slug)).size).toBe(8);
  });

  it('are found by their members alone, by id and by slug', async () => {
    const organization = await create({ name: 'Private' });
    const stranger = await signUp(platform);

    for (const name of [organization.id, organization.slug, organization.id.toUpperCase(), 'PRIVATE'])
      expect(await getOrganization(await within(name))).toEqual(organization);
    for (const name of [organization.id, organization.slug, uuidv7(), 'no-such'])
      expect(await codeOf(within(name, stranger))).toBe('organization_not_found');
  });

  it('are listed to their members, the newest first, page by page', async () => {
    const member = await signUp(platform);
    const names = ['One', 'Two', 'Three'];
    for (const name of names) await create({ name }, member);
    const ctx = await member.ctx('none');

    const all = await listOwnOrganizations(ctx, { ...list, total: true });
    const first = await listOwnOrganizations(ctx, { ...list, limit: 2 });
    const second = await listOwnOrganizations(ctx, { ...list, limit: 2, cursor: first.nextCursor ?? '' });

    expect(all.data.map((organization) => organization.name)).toEqual(['Three', 'Two', 'One']);
    expect(all).toMatchObject({ nextCursor: null, total: 3 });
    expect([...first.data, ...second.data]).toEqual(all.data);
    expect(second.nextCursor).toBeNull();
    expect(first).not.toHaveProperty('total');
    for (const organization of all.data) expect(Organization.strict().parse(organization)).toEqual(organization);
    expect(await codeOf(listOwnOrganizations(anonymous(platform), list))).toBe('unauthenticated');
  });

  it('change only what is given, and count each change once', async () => {
    const organization = await create({ name: 'Before', settings: { theme: 'dark' } });
    const ctx = await within(organization.id);

    const renamed = await updateOrganization(ctx, { ...path, name: 'After' });
    const same = await updateOrganization(ctx, { ...path, name: 'After', settings: { theme: 'dark' } });
    const moved = await updateOrganization(ctx, { ...path, slug: 'after-all', settings: {} });

    expect(renamed).toMatchObject({ name: 'After', slug: organization.slug, version: 2, settings: { theme: 'dark' } });
    expect(same.version).toBe(2);
    expect(moved).toMatchObject({ slug: 'after-all', settings: {}, version: 3 });
    expect(await getOrganization(await within('after-all'))).toEqual(moved);
    expect(await codeOf(within(organization.slug))).toBe('organization_not_found');
    expect((await events(organization.id)).slice(1)).toMatchObject([
      { type: 'organization.updated', payload: { changes: { name: { from: 'Before', to: 'After' } } } },
      {
        payload: {
          changes: { slug: { from: 'before', to: 'after-all' }, settings: { from: { theme: 'dark' }, to: {} } },
        },
      },
    ]);
  });

  it('refuse a stale version and a slug that is taken', async () => {
    const organization = await create({ name: 'Versioned' });
    await create({ name: 'Taken' });
    const update = async (ifMatch: number | null, change: object) =>
      updateOrganization(await within(organization.id, person, { ifMatch }), { ...path, ...change });

    expect(await codeOf(update(1, { name: 'V2' }))).toBe('passed');
    expect(await codeOf(update(1, { name: 'V3' }))).toBe('version_conflict');
    expect(await codeOf(update(null, { slug: 'taken' }))).toBe('slug_taken');
    expect(await getOrganization(await within(organization.id))).toMatchObject({ name: 'V2', version: 2 });
  });

  it('let one of many updates of one version win', async () => {
    const organization = await create({ name: 'Contended' });
    const update = async (name: string) =>
      updateOrganization(await within(organization.id, person, { ifMatch: 1 }), { ...path, name });

    const codes = await Promise.all(Array.from({ length: 8 }, (_, index) => codeOf(update(`N${index}`))));

    expect(codes.filter((code) => code === 'passed')).toHaveLength(1);
    expect(codes.filter((code) => code === 'version_conflict')).toHaveLength(7);
  });

  it('are made once for one Idempotency-Key, and not at all by a dry run', async () => {
    const member = await signUp(platform);
    const once = async () =>
      createOrganization(await member.ctx('none', {}, { idempotencyKey: 'key', procedure: 'organizations.create' }), {
        name: 'Only',
      });
    const made = await Promise.all([once(), once(), once()]);
    const dry = await member.ctx('none', {}, { dryRun: true });
    expect(await createOrganization(dry, { name: 'Dry' })).toMatchObject({ slug: 'dry' });

    expect(new Set(made.map((organization) => organization.id)).size).toBe(1);
    expect(dry.outcome.dryRun?.events).toMatchObject([{ type: 'organization.created' }]);
    const { data } = await listOwnOrganizations(await member.ctx('none'), list);
    expect(data.map((organization) => organization.id)).toEqual([made[0]?.id]);
    expect((await member.ctx('required')).principal?.organizationId).toBe(made[0]?.id);
  });
});
