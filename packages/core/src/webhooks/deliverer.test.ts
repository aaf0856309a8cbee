import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook as OfficialVerifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SentEvent } from '../activity/index.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import { getJob } from '../jobs/index.ts';
import { uuidv7, uuidv7At } from '../kernel/ids.ts';
import { silentLogger } from '../kernel/logger.ts';
import { removeMember, suspendMember } from '../tenancy/index.ts';
import { type Receiver, startReceiver } from '../testing/receiver.ts';
import {
  acting,
  countDriverCalls,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { notificationsOf } from '../testing/notifications.ts';
import { createProject, createTag, createTask, ProjectCreate, TaskCreate } from '../work/index.ts';
import { Deliverer } from './deliverer.ts';
import { claimDeliveries, settleDelivery } from './delivery.queue.ts';
import { createSender } from './delivery.send.ts';
import { fanOut } from './fan-out.ts';
import { WebhookDeliveryEntity } from './webhook.entity.ts';
import {
  createWebhook,
  DeliveryListInput,
  deleteWebhook,
  getWebhook,
  listDeliveries,
  pingWebhook,
  replayDeliveries,
  replayDelivery,
  rotateWebhookSecret,
  updateWebhook,
} from './index.ts';

const second = 1000;
const hour = 3_600_000;

describe.each(dialects)('deliveries on %s', (dialect) => {
  const clock = new TestClock();
  let receiver: Receiver;
  let other: Receiver;
  let platform: TestPlatform;
  let acme: TestOrganization;
  let owner: TestMember;
  beforeAll(async () => {
    [receiver, other] = [await startReceiver(), await startReceiver()];
    const settings = { webhookAllowedHosts: [receiver.host, other.host] };
    platform = await createTestPlatform(dialect, { clock, settings });
  });
  beforeEach(async () => {
    clock.set(new Date());
    acme = await createOrganization(platform);
    ({ owner } = acme);
    receiver.answer = () => ({ status: 204 });
    receiver.take();
    other.take();
  });
  afterEach(async () => {
    // Nothing is left for the next test.
    await platform.runDueJobs();
    receiver.answer = () => ({ status: 204 });
    for (let left = 1; left > 0; left = await platform.sendDueDeliveries()) clock.advance(11 * hour);
  });
  afterAll(async () => {
    await platform.dispose();
    await receiver.close();
    await other.close();
  });

  const hook = (events: string[] = ['tag.*'], { url } = receiver, by = owner) =>
    createWebhook(by.ctx(), { url, events });
  let tags = 0;
  const happen = () => createTag(owner.ctx(), { name: `tag ${++tags}`, color: '#112233' });
  /** Seals what has happened, and sends what is due. */
  const send = async () => {
    await platform.sealer.sealAll();
    return platform.sendDueDeliveries();
  };
  const deliveriesOf = async (id: string, input = {}) =>
    (await listDeliveries(owner.ctx(), DeliveryListInput.parse({ webhookId: id, ...input }))).data;
  const only = async (id: string) => {
    const [delivery, ...others] = await deliveriesOf(id);
    if (!delivery || others.length > 0) throw new Error('There is not one delivery.');
    return delivery;
  };

  it('are accepted by the official verifier, and have the whole event', async () => {
    const { id, secret } = await hook();
    const tag = await happen();
    expect(await send()).toBe(1);
    const [request, ...rest] = receiver.take();
    expect(rest).toEqual([]);
    const verified = new OfficialVerifier(secret).verify(
      request?.body ?? '',
      request?.headers as Record<string, string>,
    );
    const event = SentEvent.parse(verified);
    expect(Object.keys(event).toSorted()).toEqual(Object.keys(SentEvent.shape).toSorted());
    expect(event).toMatchObject({
      type: 'tag.created',
      organizationId: acme.id,
      actor: { id: owner.userId },
      entity: { type: 'tag', id: tag.id },
      changes: { name: { from: null, to: tag.name } },
      schemaVersion: 1,
      apiKeyId: null,
    });
    expect(request?.headers['webhook-id']).toBe(event.id);
    expect(await only(id)).toMatchObject({
      eventId: event.id,
      eventType: 'tag.created',
      status: 'delivered',
      attempts: [{ status: 204, error: null, response: null }],
      nextAttemptAt: null,
      payload: event,
    });
    expect(await send()).toBe(0);
  });

  it('are of the events that the filter names', async () => {
    const some = await Promise.all([hook(['tag.created']), hook(['task.*']), hook(['*']), hook(['tag.deleted'])]);
    await happen();
    await createTask(owner.ctx(), TaskCreate.parse({ title: 'Call' }));
    await send();
    const types = await Promise.all(
      some.map(async ({ id }) => (await deliveriesOf(id)).map(({ eventType }) => eventType).toSorted()),
    );
    expect(types.map((one) => one.filter((type) => !type.startsWith('webhook.')))).toEqual([
      ['tag.created'],
      ['task.created'],
      ['tag.created', 'task.created'],
      [],
    ]);
  });

  it('cost no statement in an organization without webhooks', async () => {
    const id = uuidv7();
    const event = { id, sequence: 1, type: 'tag.created', at: clock.now().toISOString(), organizationId: acme.id };
    const rest = { actorId: null, apiKeyId: null, parent: null, requestId: '', quiet: false, changes: {}, data: {} };
    const events = [{ ...event, ...rest, entity: { type: 'tag', id } }];
    const fanningOut = () =>
      writeThroughSystemDoor(platform.context({ principal: null }), (unit) => fanOut(unit, acme.id, events));
    await fanningOut();
    const counting = countDriverCalls();
    await fanningOut();
    expect(counting.read().statements).toBe(0);
    counting.stop();
  });

  it('of made up data are not sent', async () => {
    await hook();
    await createTag({ ...owner.ctx(), quiet: true }, { name: 'Made up', color: '#112233' });
    expect(await send()).toBe(0);
  });

  it('are tried again at the promised times, and then given up', async () => {
    const { id } = await hook();
    receiver.answer = () => ({ status: 500, body: 'broken' });
    await happen();
    await send();
    const delays = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];
    for (const [index, delay] of delays.entries()) {
      expect(await only(id)).toMatchObject({ status: 'pending' });
      expect((await only(id)).attempts.length).toBe(index + 1);
      clock.advance((delay - 1) * second);
      expect(await platform.sendDueDeliveries()).toBe(0);
      clock.advance(delay * 0.1 * second + second);
      expect(await platform.sendDueDeliveries()).toBe(1);
    }
    const { status, attempts, nextAttemptAt } = await only(id);
    expect([status, attempts.length, nextAttemptAt]).toEqual(['failed', 8, null]);
    expect(attempts.at(-1)).toMatchObject({ status: 500, error: 'http_status', response: 'broken' });
    expect(new Set(receiver.take().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await deliveriesOf(id, { status: 'failed' })).length).toBe(1);
    expect(await deliveriesOf(id, { status: 'delivered' })).toEqual([]);
  });

  it('wait as long as the receiver asks', async () => {
    const { id } = await hook();
    receiver.answer = () => ({ status: 503, headers: { 'retry-after': '600' } });
    await happen();
    await send();
    const { attempts, nextAttemptAt } = await only(id);
    const waited = Date.parse(nextAttemptAt ?? '') - Date.parse(attempts[0]?.at ?? '');
    expect(waited).toBeGreaterThanOrEqual(600 * second);
    expect(waited).toBeLessThan(610 * second);
  });

  it('end when the receiver answers 410', async () => {
    const { id } = await hook();
    receiver.answer = () => ({ status: 410 });
    await happen();
    await send();
    expect(await getWebhook(owner.ctx(), { id })).toMatchObject({ isActive: false, disabledReason: 'gone' });
    expect(await only(id)).toMatchObject({ status: 'failed', attempts: [{ status: 410 }] });
  });

  it('end after five days without success, and people are told', async () => {
    const admin = await acme.addMember('admin');
    const { id, version } = await hook();
    receiver.answer = () => ({ status: 500 });
    await happen();
    await send();
    const { failingSince } = await getWebhook(owner.ctx(), { id });
    expect(failingSince).not.toBeNull();
    clock.advance(4 * 24 * hour);
    await send();
    expect(await getWebhook(owner.ctx(), { id })).toMatchObject({ isActive: true, failingSince, version });
    clock.advance(24 * hour + 1000);
    await happen();
    await send();
    expect(await getWebhook(owner.ctx(), { id })).toMatchObject({ isActive: false, disabledReason: 'failing' });
    await platform.runDueJobs();
    clock.advance(10 * second);
    await platform.runDueJobs();
    for (const member of [owner, admin])
      expect(await notificationsOf(member.ctx())).toMatchObject([
        {
          type: 'webhook.disabled',
          entity: { type: 'webhook', id },
          message: `The webhook to ${receiver.host} was disabled`,
        },
      ]);
  });

  it('forget the failure with the next success', async () => {
    const { id, version } = await hook();
    receiver.answer = () => ({ status: 500 });
    await happen();
    await send();
    receiver.answer = () => ({ status: 200 });
    clock.advance(6 * second);
    expect(await send()).toBe(1);
    expect(await getWebhook(owner.ctx(), { id })).toMatchObject({ failingSince: null, version });
    expect(await only(id)).toMatchObject({ status: 'delivered', attempts: [{ status: 500 }, { status: 200 }] });
  });

  it('do not send what the member does not see, and show no trace of it', async () => {
    const manager = await acme.addMember('admin');
    const { id } = await hook(['task.*'], receiver, manager);
    await writeThroughSystemDoor(platform.context({ principal: null }), ({ db }) =>
      db
        .updateTable('role_assignments')
        .set({ role_id: acme.roleIds.manager })
        .where('user_id', '=', manager.userId)
        .execute(),
    );
    clock.advance(5 * second);
    const project = await createProject(
      owner.ctx(),
      ProjectCreate.parse({ key: 'HIDDEN', name: 'Hidden', visibility: 'private' }),
    );
    await createTask(owner.ctx(), TaskCreate.parse({ title: 'Hidden', projectId: project.id }));
    await createTask(owner.ctx(), TaskCreate.parse({ title: 'Open' }));
    await send();
    expect(receiver.take().map(({ body }) => SentEvent.parse(JSON.parse(body)).data['title'])).toEqual(['Open']);
    expect((await deliveriesOf(id)).length).toBe(1);
  });

  it.each([
    ['leaves', removeMember],
    ['is suspended', suspendMember],
  ] as const)('end when the member %s', async (_how, act) => {
    const admin = await acme.addMember('admin');
    const { id } = await hook(['tag.*'], receiver, admin);
    await act(owner.ctx(), { organizationId: acme.id, userId: admin.userId });
    await happen();
    await send();
    expect(receiver.take()).toEqual([]);
    expect(await getWebhook(owner.ctx(), { id })).toMatchObject({ isActive: false, disabledReason: 'member_inactive' });
    await updateWebhook(owner.ctx(), { id, isActive: true });
    await happen();
    await send();
    expect(await getWebhook(owner.ctx(), { id })).toMatchObject({
      isActive: true,
      disabledReason: null,
      runsAs: { id: owner.userId },
    });
    expect(receiver.take().length).toBe(1);
  });

  it('are signed with both secrets for a day after a rotation', async () => {
    const { id, secret: former } = await hook();
    const { secret } = await rotateWebhookSecret(owner.ctx(), { id });
    expect(secret).not.toBe(former);
    await happen();
    await send();
    const [request] = receiver.take();
    for (const one of [former, secret])
      new OfficialVerifier(one).verify(request?.body ?? '', request?.headers as Record<string, string>);
    clock.advance(24 * hour);
    await happen();
    await send();
    expect(receiver.take().map(({ headers }) => String(headers['webhook-signature']).split(' ').length)).toEqual([1]);
  });

  it('are replayed with the same id: one, or all since an instant', async () => {
    const { id } = await hook();
    receiver.answer = () => ({ status: 410 });
    await happen();
    await send();
    const [first] = receiver.take();
    const { id: deliveryId, eventId } = await only(id);
    await expect(replayDelivery(owner.ctx(), { webhookId: id, deliveryId })).rejects.toThrow('not active');
    await updateWebhook(owner.ctx(), { id, isActive: true });
    receiver.answer = () => ({ status: 204 });
    expect(await replayDelivery(owner.ctx(), { webhookId: id, deliveryId })).toMatchObject({
      status: 'pending',
      eventId,
    });
    expect(await send()).toBe(1);
    const [again] = receiver.take();
    expect([again?.headers['webhook-id'], again?.body]).toEqual([first?.headers['webhook-id'], first?.body]);
    const since = clock.now().toISOString();
    const replay = (input: object) => replayDeliveries(owner.ctx(), { id, since, ...input });
    expect(await replay({ status: 'failed' })).toEqual({ replayed: 0 });
    expect(await replay({ since: new Date(clock.now().getTime() + 1).toISOString() })).toEqual({ replayed: 0 });
    expect(await replay({})).toEqual({ replayed: 1 });
    expect(await send()).toBe(1);
    expect(receiver.take().length).toBe(1);
    expect((await only(id)).attempts.length).toBe(3);
  });

  it('are replayed in a job when they are many', async () => {
    const { id: webhookId } = await hook();
    const now = clock.now();
    const delivered = {
      organizationId: acme.id,
      webhookId,
      eventType: 'tag.created',
      status: 'delivered' as const,
      failures: 0,
      claims: 1,
      log: [],
      createdAt: now,
    };
    const rows = Array.from({ length: 1201 }, (_, index) => ({
      ...delivered,
      id: uuidv7At(now, index),
      eventId: uuidv7At(now, index),
    }));
    const system = platform.context({ principal: null });
    await writeThroughSystemDoor(system, (unit) => unit.insert(WebhookDeliveryEntity, ...rows));
    const caller = await acting(platform, owner.userId, acme.id);
    const job = await replayDeliveries(caller, { id: webhookId, since: now.toISOString() });
    if (!('kind' in job)) throw new Error('It must be a job.');
    await platform.runDueJobs();
    expect(await getJob(caller, { id: job.id })).toMatchObject({ status: 'done', result: { replayed: 1201 } });
    expect((await deliveriesOf(webhookId, { status: 'pending', limit: 100 })).length).toBe(100);
  });

  it('wait when no encryption key opens the secret', async () => {
    const { id } = await hook();
    await writeThroughSystemDoor(platform.context({ principal: null }), ({ db }) =>
      db.updateTable('webhooks').set({ secret: 'v1.lost.AAAA' }).where('id', '=', id).execute(),
    );
    await happen();
    await send();
    expect(receiver.take()).toEqual([]);
    expect(await only(id)).toMatchObject({
      status: 'pending',
      attempts: [{ status: null, error: 'secret_unreadable' }],
    });
    await rotateWebhookSecret(owner.ctx(), { id });
    clock.advance(6 * second);
    await send();
    expect(await only(id)).toMatchObject({ status: 'delivered' });
  });

  it('send a ping whatever the filter', async () => {
    const { id } = await hook(['task.*']);
    const ping = await pingWebhook(owner.ctx(), { id });
    expect(ping).toMatchObject({ eventType: 'webhook.pinged', status: 'pending', payload: null });
    expect(await platform.sendDueDeliveries()).toBe(0);
    expect(await send()).toBe(1);
    expect(receiver.take().map(({ headers }) => headers['webhook-id'])).toEqual([ping.eventId]);
    expect(await only(id)).toMatchObject({ id: ping.id, status: 'delivered', payload: { type: 'webhook.pinged' } });
  });

  it('of a deleted webhook are not sent, and are deleted', async () => {
    const { id } = await hook();
    await happen();
    await platform.sealer.sealAll();
    await deleteWebhook(owner.ctx(), { id });
    await platform.sendDueDeliveries();
    await platform.runDueJobs();
    expect(receiver.take()).toEqual([]);
    const left = await platform.database.read(
      { door: 'system', principal: null, organizationId: null, userId: null },
      (db) => db.selectFrom('webhook_deliveries').select('id').where('webhook_id', '=', id).execute(),
    );
    expect(left).toEqual([]);
  });

  const deliverer = (more = {}) =>
    new Deliverer({
      context: () => platform.context({ principal: null }),
      logger: silentLogger,
      sender: async () => createSender({ settings: platform.settings, timeoutMs: 2000 }),
      ...more,
    });

  it('of a receiver that never answers delay those of others by less than a second', async () => {
    clock.set(new Date());
    await Promise.all([hook(), hook(['tag.*'], other)]);
    receiver.answer = () => 'never';
    for (let count = 0; count < 20; count++) await happen();
    await platform.sealer.sealAll();
    const running = deliverer({ concurrency: 8, pollMs: 100 });
    const began = performance.now();
    running.start();
    while (other.received.length < 20 && performance.now() - began < 5000) await sleep(10);
    expect(other.received.length).toBe(20);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(receiver.received.length).toBeLessThanOrEqual(4);
    await running.stop(0);
    receiver.answer = () => ({ status: 204 });
  });

  it('are sent once by several servers', async () => {
    await hook();
    for (let count = 0; count < 20; count++) await happen();
    await platform.sealer.sealAll();
    await Promise.all([deliverer().runDue(), deliverer().runDue(), deliverer().runDue()]);
    const ids = receiver.take().map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([20, 20]);
  });

  it('of a server that died are sent when its claim ends', async () => {
    const { id: webhookId } = await hook();
    await happen();
    await platform.sealer.sealAll();
    const ctx = platform.context({ principal: null });
    const [claimed] = await claimDeliveries(ctx, [{ organizationId: acme.id, webhookId, limit: 5 }], 60 * second);
    expect(claimed?.claims).toBe(1);
    expect(await platform.sendDueDeliveries()).toBe(0);
    clock.advance(61 * second);
    expect(await platform.sendDueDeliveries()).toBe(1);
    expect((await only(webhookId)).attempts.length).toBe(1);
    // It was only slow, and comes too late to write.
    const after = { status: 'failed' as const, failures: 1, nextAttemptAt: null, log: [] };
    if (!claimed) throw new Error('It must have been claimed.');
    expect(await writeThroughSystemDoor(ctx, (unit) => settleDelivery(unit, claimed, after))).toBe(false);
    expect(await only(webhookId)).toMatchObject({ status: 'delivered', attempts: [{ status: 204 }] });
  });
});
