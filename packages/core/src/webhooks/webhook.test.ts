import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceContext } from '../database/context.ts';
import { resealSecrets } from '../database/reseal.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { ApiKeyCreate, createApiKey } from '../tenancy/index.ts';
import { setOrganizationTier } from '../tenancy/organizations/organization.service.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { codeOf, contextOf } from '../testing/people.ts';
import { createTag } from '../work/index.ts';
import { activeWebhooks } from './webhook.cache.ts';
import { webhookSecret } from './webhook.entity.ts';
import {
  createWebhook,
  DeliveryListInput,
  getWebhook,
  listDeliveries,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
  WebhookCreate,
  WebhookListInput,
} from './index.ts';

const url = 'https://hooks.example.com/in?token=secret';

describe.each(dialects)('webhooks on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-05-01T09:00:00.000Z'));
  let platform: TestPlatform;
  let acme: TestOrganization;
  beforeAll(async () => {
    const settings = { webhookAllowedHosts: ['hooks.internal:8080', '[fd00::1]:443'] };
    platform = await createTestPlatform(dialect, { clock, settings });
  });
  beforeEach(async () => {
    acme = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  const create = (input: object = {}, ctx: ServiceContext = acme.owner.ctx()) =>
    createWebhook(ctx, WebhookCreate.parse({ url, events: ['task.*'], ...input }));
  const stored = async (id: string) => {
    const rows = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('webhooks').selectAll().where('webhooks.id', '=', id).execute(),
    );
    return rows[0];
  };

  it('show their secret once, and keep it sealed', async () => {
    const { secret, ...webhook } = await create({ description: 'Billing' });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook).toMatchObject({
      url,
      events: ['task.*'],
      description: 'Billing',
      isActive: true,
      disabledReason: null,
      failingSince: null,
      runsAs: { id: acme.owner.userId },
      createdBy: { id: acme.owner.userId },
      version: 1,
    });
    expect(await getWebhook(acme.owner.ctx(), webhook)).toEqual(webhook);
    expect((await listWebhooks(acme.owner.ctx(), WebhookListInput.parse({ active: true }))).data).toEqual([webhook]);
    expect(JSON.stringify(await stored(webhook.id))).not.toContain(secret.slice(6));
    const key = [acme.id, webhook.id];
    expect(webhookSecret.unseal(platform.settings, key, (await stored(webhook.id))?.secret ?? '')).toBe(secret);
  });

  it('keep their secrets over a change of the encryption key', async () => {
    const { id } = await create();
    const { secret } = await rotateWebhookSecret(acme.owner.ctx(), { id });
    const newer = Buffer.alloc(32, 7).toString('base64');
    const settings = { ...platform.settings, encryptionKeys: [newer, ...platform.settings.encryptionKeys] };
    const { resealed } = await resealSecrets({ ...platform.context({ principal: null }), settings });
    expect(resealed).toBeGreaterThanOrEqual(2);
    const alone = { ...settings, encryptionKeys: [newer] };
    expect(webhookSecret.unseal(alone, [acme.id, id], (await stored(id))?.secret ?? '')).toBe(secret);
    // The other tests know the first key alone.
    const back = { ...settings, encryptionKeys: [...platform.settings.encryptionKeys, newer] };
    await resealSecrets({ ...platform.context({ principal: null }), settings: back });
  });

  it('are not told in full by events', async () => {
    const { id } = await create();
    await updateWebhook(acme.owner.ctx(), { id, url: 'https://other.example.com/in?token=hidden' });
    const payloads = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('event_payloads')
        .select('event_payloads.payload')
        .where('event_payloads.organization_id', '=', acme.id)
        .orderBy('event_payloads.event_id')
        .execute(),
    );
    expect(JSON.stringify(payloads)).not.toMatch(/token|whsec/);
    expect(payloads.at(-1)?.payload).toMatchObject({
      changes: { host: { from: 'hooks.example.com', to: 'other.example.com' } },
      data: { host: 'other.example.com', version: 2 },
    });
  });

  it.each([
    'http://hooks.example.com/', 'https://127.0.0.1/', 'https://2130706433/', 'https://[::1]/', 'http://hooks.internal/',
    'https://hooks.internal.example:8080x/', 'ftp://hooks.example.com/', 'https://u:p@hooks.example.com/',
    'https://hooks.example.com/#here', 'https://hooks.example.com/#', ' https://hooks.example.com/', 'https://hooks.exa\nmple.com/',
    'https://10.0.0.1:8080/', 'hooks.example.com', '',
  ])('refuse the URL %s', async (wrong) => {
    const parsed = WebhookCreate.safeParse({ url: wrong, events: ['*'] });
    const refused = parsed.success ? await codeOf(createWebhook(acme.owner.ctx(), parsed.data)) : 'validation_failed';
    expect(refused).toBe('validation_failed');
  }); // prettier-ignore

  it.each(['http://hooks.internal:8080/in', 'https://hooks.internal:8080/', 'https://[fd00::1]/', url])(
    'take the URL %s',
    async (right) => {
      expect((await create({ url: right })).url).toBe(right);
    },
  );

  it('refuse types of events that do not happen in organizations', async () => {
    for (const wrong of ['task.exploded', 'nothing.*', 'user.registered', 'user.*'])
      await expect(create({ events: ['task.created', wrong] })).rejects.toMatchObject({
        code: 'validation_failed',
        details: { fields: [{ field: ['events', 1] }] },
      });
    expect((await create({ events: ['*', 'task.created', 'tag.*'] })).events.length).toBe(3);
  });

  it('are as many as the tier allows', async () => {
    await setOrganizationTier(platform.context({ principal: null }), { organization: acme.id, tier: 'free' });
    for (let count = 0; count < 3; count++) await create();
    expect(await codeOf(create())).toBe('limit_exceeded');
  });

  it('act as whoever has changed what they send, or has activated them', async () => {
    const admin = await acme.addMember('admin');
    const { id } = await create({}, admin.ctx());
    const by = async (changes: object) =>
      (await updateWebhook(acme.owner.ctx(), { id, ...changes })).runsAs.id === acme.owner.userId ? 'owner' : 'admin';
    const back = () => updateWebhook(admin.ctx(), { id, url: `${url}&${Math.random()}` });
    expect(await by({ description: 'Other', events: ['task.*'] })).toBe('admin');
    expect(await by({ isActive: false })).toBe('admin');
    expect(await by({ isActive: true })).toBe('owner');
    await back();
    expect(await by({ isActive: true })).toBe('admin');
    expect(await by({ events: ['tag.*'] })).toBe('owner');
    await back();
    expect(await by({ url })).toBe('owner');
    await back();
    expect((await rotateWebhookSecret(acme.owner.ctx(), { id })).runsAs.id).toBe(acme.owner.userId);
  });

  it('remember the scopes of the API key that made them', async () => {
    const owner = await acting(platform, acme.owner.userId, acme.id);
    const scopes = ['webhook:create', 'webhook:update', 'tag:read'];
    const { secret } = await createApiKey(owner, ApiKeyCreate.parse({ name: 'Key', scopes }));
    const ctx = await contextOf(platform, secret, 'required');
    const { id } = await create({}, ctx);
    expect((await stored(id))?.runs_as_scopes).toEqual(scopes);
    await updateWebhook(owner, { id, events: ['tag.*'] });
    expect((await stored(id))?.runs_as_scopes).toBeNull();
  });

  it('get what another server has sealed before it knew them', async () => {
    await activeWebhooks.get(platform.database, acme.id, clock.now());
    const { id } = await create({ events: ['tag.created'] });
    const tag = await createTag(acme.owner.ctx(), { name: 'early', color: '#112233' });
    await platform.sealer.sealAll();
    const deliveries = async () =>
      (await listDeliveries(acme.owner.ctx(), DeliveryListInput.parse({ webhookId: id }))).data.map(
        ({ payload }) => payload?.entity.id,
      );
    expect(await deliveries()).toEqual([tag.id]);
    // As if the other server had not known it.
    await writeThroughSystemDoor(platform.context({ principal: null }), ({ db }) =>
      db.deleteFrom('webhook_deliveries').where('webhook_id', '=', id).execute(),
    );
    clock.advance(5000);
    await platform.runDueJobs();
    expect(await deliveries()).toEqual([tag.id]);
    expect(await platform.runDueJobs()).toBe(0);
  });
});
