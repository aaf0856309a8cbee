import { describe, expect, it } from 'vitest';
import { enqueue } from '../jobs/index.ts';
import { makeAccountToken } from '../identity/index.ts';
import { UserEntity } from '../identity/user.entity.ts';
import { KeepingMailer, notificationsOf, notifyAll } from '../testing/notifications.ts';
import { anonymous, codeOf } from '../testing/people.ts';
import { createOrganization, dialects, TestClock, type TestMember } from '../testing/index.ts';
import { openSuite } from '../testing/suite.ts';
import { createTask, updateTask } from '../work/index.ts';
import {
  getNotificationPreferences,
  getUnreadCount,
  listNotifications,
  markAllNotificationsRead,
  markNotificationsRead,
  NotificationListInput,
  NotificationPreferences,
  NotificationPreferencesUpdate,
  unsubscribe,
  updateNotificationPreferences,
  writeFetched,
} from './index.ts';

const day = 86_400_000;
const minute = 60_000;

describe.each(dialects)('notifications on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-02T12:00:00.000Z'));
  const mailer = new KeepingMailer();
  const suite = openSuite(dialect, { clock, mailer });
  const tellAll = () => notifyAll(suite.platform, clock);
  const assign = (who: TestMember, title: string, more = {}) =>
    createTask(suite.owner.ctx(), { title, assigneeIds: [who.userId], ...more });
  /** A member who was told about some tasks. */
  async function toldAbout(...titles: string[]) {
    const who = await suite.acme.addMember('member');
    for (const title of titles) await assign(who, title);
    await tellAll();
    mailer.take(who.email);
    return who;
  }
  const titlesOf = async (who: TestMember, input = {}) =>
    (await notificationsOf(who.ctx(), input)).map(({ task }) => task?.title);
  const outside = ({ principal }: TestMember) =>
    suite.platform.context({ principal: { ...principal, organizationId: null, grants: [] } });
  const prefer = (who: TestMember, input: unknown) =>
    updateNotificationPreferences(outside(who), NotificationPreferencesUpdate.parse(input));

  describe('in lists', () => {
    it('are read one by one, and all', async () => {
      const who = await toldAbout('One', 'Two', 'Three');
      const [third, second] = await notificationsOf(who.ctx());
      expect(await getUnreadCount(who.ctx())).toEqual({ count: 3 });
      clock.advance(1000);
      expect(await markNotificationsRead(who.ctx(), { ids: [second?.id ?? ''] })).toEqual({ count: 2 });
      const [readAt] = (await notificationsOf(who.ctx(), { unread: false })).map((one) => one.readAt);
      expect(readAt).toBe(clock.now().toISOString());
      expect(await titlesOf(who, { unread: true })).toEqual(['Three', 'One']);
      clock.advance(1000);
      expect(await markAllNotificationsRead(who.ctx())).toEqual({ count: 0 });
      expect((await notificationsOf(who.ctx(), { unread: false })).map((one) => one.readAt)).toContain(readAt);
      expect(await titlesOf(who, { unread: true })).toEqual([]);
      const other = await toldAbout('Theirs');
      expect(await markNotificationsRead(other.ctx(), { ids: [third?.id ?? ''] })).toEqual({ count: 1 });
    });

    it('are filtered by task and type, and come in pages', async () => {
      const who = await toldAbout('One', 'Two', 'Three');
      const { data, nextCursor } = await listNotifications(
        who.ctx(),
        NotificationListInput.parse({ limit: 2, total: true }),
      );
      expect(data.map(({ task }) => task?.title)).toEqual(['Three', 'Two']);
      expect(await titlesOf(who, { limit: 2, cursor: nextCursor })).toEqual(['One']);
      expect(await titlesOf(who, { task: [data[0]?.task?.id] })).toEqual(['Three']);
      expect(await titlesOf(who, { type: ['task.overdue'] })).toEqual([]);
      const other = await toldAbout('Theirs');
      const theirs = listNotifications(other.ctx(), NotificationListInput.parse({ cursor: nextCursor }));
      expect(await codeOf(theirs)).toBe('validation_failed');
    });

    it('count as delivered once they were fetched', async () => {
      const who = await toldAbout('One', 'Two');
      await notificationsOf(who.ctx(), { limit: 1 });
      const fetchedAt = clock.now().toISOString();
      clock.advance(5000);
      await writeFetched(anonymous(suite.platform));
      expect((await notificationsOf(who.ctx())).map((one) => one.deliveredAt)).toEqual([fetchedAt, null]);
      await writeFetched(anonymous(suite.platform));
      expect((await notificationsOf(who.ctx())).map((one) => one.deliveredAt)).toEqual([
        fetchedAt,
        clock.now().toISOString(),
      ]);
    });

    it('are kept for 90 days', async () => {
      const who = await toldAbout('Old');
      clock.advance(50 * day);
      await assign(who, 'Young');
      await tellAll();
      clock.advance(41 * day);
      await suite.runJob('notifications.purge');
      expect(await titlesOf(who)).toEqual(['Young']);
    });
  });

  describe('by preference', () => {
    it('have defaults, and keep what is not changed', async () => {
      const who = await suite.acme.addMember('member');
      const before = await getNotificationPreferences(outside(who));
      expect(NotificationPreferences.parse(before)).toEqual(before);
      expect(before).toMatchObject({ quietHours: null, digestAt: '08:00' });
      const changed = await prefer(who, {
        preferences: [{ type: 'task.commented', email: 'digest' }],
        quietHours: { from: '20:00', to: '07:00' },
      });
      expect(changed).toEqual({
        ...before,
        preferences: before.preferences.map((one) =>
          one.type === 'task.commented' ? { ...one, email: 'digest' } : one,
        ),
        quietHours: { from: '20:00', to: '07:00' },
      });
      await prefer(who, { preferences: [{ type: 'task.commented', inApp: false }] });
      await prefer(who, { quietHours: null, digestAt: '17:45' });
      expect(await getNotificationPreferences(outside(who))).toEqual({
        preferences: before.preferences.map((one) =>
          one.type === 'task.commented' ? { ...one, inApp: false, email: 'digest' } : one,
        ),
        quietHours: null,
        digestAt: '17:45',
      });
    });

    it('record what changed, and nothing when nothing did', async () => {
      const who = await suite.acme.addMember('member');
      await prefer(who, { digestAt: '08:00' });
      await prefer(who, { digestAt: '09:00' });
      await prefer(who, { digestAt: '09:00' });
      const rows = await suite.system(({ db }) =>
        db
          .selectFrom('events')
          .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
          .select(['events.organization_id as organizationId', 'event_payloads.payload'])
          .where('events.type', '=', 'user.notification_preferences_changed')
          .where('events.entity_id', '=', who.userId)
          .execute(),
      );
      expect(rows).toEqual([
        { organizationId: null, payload: { changes: { digestAt: { from: '08:00', to: '09:00' } }, data: {} } },
      ]);
    });

    it('lose no change that is made at the same time', async () => {
      const who = await suite.acme.addMember('member');
      const types = ['task.assigned', 'task.mentioned', 'task.commented', 'task.status_changed'] as const;
      await Promise.all(types.map((type) => prefer(who, { preferences: [{ type, inApp: false }] })));
      const { preferences } = await getNotificationPreferences(outside(who));
      expect(preferences.filter(({ inApp }) => !inApp).map(({ type }) => type)).toEqual(types);
    });

    it.each([
      { quietHours: { from: '08:00', to: '08:00' } },
      { digestAt: '24:00' },
      { preferences: [{ type: 'task.assigned' }, { type: 'task.assigned' }] },
    ])('refuse %j', (input) => {
      expect(NotificationPreferencesUpdate.safeParse(input).success).toBe(false);
    });

    it('are shown in lists only, or mailed only, or neither', async () => {
      const who = await suite.acme.addMember('member');
      await prefer(who, { preferences: [{ type: 'task.assigned', email: 'off' }] });
      await assign(who, 'Listed');
      await tellAll();
      expect(mailer.take(who.email)).toEqual([]);
      await prefer(who, { preferences: [{ type: 'task.assigned', inApp: false, email: 'now' }] });
      await assign(who, 'Mailed');
      await tellAll();
      expect(mailer.take(who.email)).toHaveLength(1);
      await prefer(who, { preferences: [{ type: 'task.assigned', email: 'off' }] });
      await assign(who, 'Neither');
      await tellAll();
      expect(mailer.take(who.email)).toEqual([]);
      expect(await titlesOf(who)).toEqual(['Listed']);
      expect(await getUnreadCount(who.ctx())).toEqual({ count: 1 });
    });
  });

  describe('by mail', () => {
    const setUser = (who: TestMember, change: object) =>
      suite.system((unit) => unit.update(UserEntity, { id: who.userId }, change));

    it('are sent at once, as text and HTML, with a way to end them', async () => {
      const who = await suite.acme.addMember('member');
      await assign(who, 'Pay evil.example <b>now</b>');
      await tellAll();
      const [mail, ...others] = mailer.take(who.email);
      expect(others).toEqual([]);
      expect(mail?.subject).toMatch(/^User \d+ assigned Pay evil\. example <b>now<\/b> to you$/);
      expect(mail?.text).toContain('In Acme:\nUser');
      expect(mail?.html).toContain('&lt;b&gt;now');
      expect(mail?.html).not.toContain('<b>');
      expect(mail?.headers).toEqual({
        'List-Unsubscribe': expect.stringMatching(
          /^<http:\/\/localhost:8000\/api\/v1\/notifications\/unsubscribe\?token=[\w%.-]+>$/,
        ),
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      });
      const token = /token=([^>]+)/.exec(mail?.headers?.['List-Unsubscribe'] ?? '')?.[1] ?? '';
      await unsubscribe(anonymous(suite.platform), { token: decodeURIComponent(token) });
      await unsubscribe(anonymous(suite.platform), { token: decodeURIComponent(token) });
      const { preferences } = await getNotificationPreferences(outside(who));
      expect(preferences.every(({ email, inApp }) => email === 'off' && inApp)).toBe(true);
      await assign(who, 'Quiet');
      await tellAll();
      expect(mailer.take(who.email)).toEqual([]);
      expect(await titlesOf(who)).toHaveLength(2);
    });

    it('end by a valid token alone', async () => {
      const { userId } = await suite.acme.addMember('member');
      const valid = new Date(clock.now().getTime() + minute);
      const subject = { id: userId, boundTo: [] };
      for (const token of [
        'nonsense',
        makeAccountToken(suite.platform.settings, 'verify-email', subject, valid),
        makeAccountToken(suite.platform.settings, 'unsubscribe', subject, clock.now()),
      ])
        expect(await codeOf(unsubscribe(anonymous(suite.platform), { token }))).toBe('validation_failed');
    });

    it('are not sent about what is read or hidden by then, nor to unproven addresses or the inactive', async () => {
      const [reader, unproven, inactive] = await Promise.all([1, 2, 3].map(() => suite.acme.addMember('member')));
      if (!reader || !unproven || !inactive) throw new Error('Nobody is there.');
      await setUser(unproven, { emailVerifiedAt: null });
      for (const who of [reader, unproven])
        await prefer(who, { preferences: [{ type: 'task.assigned', email: 'digest' }] });
      await setUser(inactive, { isActive: false });
      const { id } = await assign(reader, 'Read', { assigneeIds: [reader.userId, unproven.userId, inactive.userId] });
      await assign(reader, 'Unread');
      const hidden = await assign(reader, 'Hidden');
      await tellAll();
      const [first] = await notificationsOf(reader.ctx(), { task: [id] });
      await markNotificationsRead(reader.ctx(), { ids: [first?.id ?? ''] });
      await suite.system(({ db }) =>
        db.updateTable('tasks').set({ deleted_at: clock.now() }).where('id', '=', hidden.id).execute(),
      );
      clock.advance(day);
      await suite.runJob('notifications.mail');
      expect(mailer.take(reader.email).map(({ subject }) => subject)).toEqual([expect.stringContaining('Unread')]);
      for (const { email } of [unproven, inactive]) expect(mailer.take(email)).toEqual([]);
      expect(await notificationsOf(inactive.ctx())).toEqual([]);
      expect(await titlesOf(unproven)).toEqual(['Read']);
    });

    it('are gathered once a day, in the time zone of the person', async () => {
      clock.set('2026-03-28T12:00:00.000Z');
      const who = await suite.acme.addMember('member');
      await setUser(who, { timezone: 'Europe/Berlin' });
      await prefer(who, { preferences: [{ type: 'task.assigned', email: 'digest' }], digestAt: '08:30' });
      for (const title of ['One', 'Two']) await assign(who, title);
      await tellAll();
      await suite.runJob('notifications.mail');
      expect(mailer.take(who.email)).toEqual([]);
      // The clocks go forward in this night.
      clock.set('2026-03-29T06:29:00.000Z');
      await suite.runJob('notifications.mail');
      expect(mailer.take(who.email)).toEqual([]);
      clock.advance(minute);
      await suite.runJob('notifications.mail');
      await suite.runJob('notifications.mail');
      const [mail, ...others] = mailer.take(who.email);
      expect(others).toEqual([]);
      expect(mail?.subject).toBe('2 notifications');
      expect(mail?.text).toMatch(/assigned One to you\n.* assigned Two to you\n/);
    });

    it('wait for the end of quiet hours', async () => {
      clock.set('2026-10-24T19:00:00.000Z');
      const who = await suite.acme.addMember('member');
      await setUser(who, { timezone: 'Europe/Berlin' });
      await prefer(who, { quietHours: { from: '22:00', to: '07:00' } });
      await assign(who, 'Early');
      await tellAll();
      expect(mailer.take(who.email)).toHaveLength(1);
      clock.set('2026-10-24T21:00:00.000Z');
      await assign(who, 'Late');
      await tellAll();
      // The clocks go back in this night.
      clock.set('2026-10-25T05:59:00.000Z');
      await suite.runJob('notifications.mail');
      expect(mailer.take(who.email)).toEqual([]);
      clock.advance(minute);
      await suite.runJob('notifications.mail');
      expect(mailer.take(who.email)).toHaveLength(1);
    });
  });

  describe('of due dates', () => {
    const messages = async (who: TestMember) => {
      await suite.runJob('notifications.due');
      await tellAll();
      return (await notificationsOf(who.ctx(), { type: ['task.due_soon', 'task.overdue'] })).map(
        ({ message }) => message,
      );
    };
    const inHours = (hours: number) => new Date(clock.now().getTime() + hours * 60 * minute).toISOString();

    it('come a day before and when it is over, once for each', async () => {
      const who = await suite.acme.addMember('member');
      const { id } = await assign(who, 'Deliver', { dueDate: inHours(25) });
      expect(await messages(who)).toEqual([]);
      clock.advance(60 * minute);
      expect(await messages(who)).toEqual(['Deliver is due within a day']);
      clock.advance(60 * minute);
      expect(await messages(who)).toHaveLength(1);
      clock.advance(day);
      expect(await messages(who)).toEqual(['Deliver is overdue', 'Deliver is due within a day']);
      expect(await messages(who)).toHaveLength(2);
      await updateTask(suite.owner.ctx(), { id, dueDate: inHours(2) });
      expect(await messages(who)).toHaveLength(3);
      expect(await messages(suite.owner)).toContain('Deliver is overdue');
    });

    it('do not come for what is done, put off, or over for a week', async () => {
      const who = await suite.acme.addMember('member');
      const done = await assign(who, 'Done', { dueDate: inHours(1) });
      await updateTask(suite.owner.ctx(), { id: done.id, status: 'done' });
      await assign(who, 'Long over', { dueDate: inHours(-8 * 24) });
      const late = await assign(who, 'Put off', { dueDate: inHours(1) });
      await suite.system((unit) => enqueue(unit, 'notifications.due', {}));
      await updateTask(suite.owner.ctx(), { id: late.id, dueDate: inHours(100) });
      expect(await messages(who)).toEqual([]);
    });

    it('are found in all organizations, also when there are many', async () => {
      const beta = await createOrganization(suite.platform, 'Beta');
      await createTask(beta.owner.ctx(), { title: 'Elsewhere', dueDate: inHours(1) });
      const who = await suite.acme.addMember('member');
      const due = inHours(3);
      for (let count = 0; count < 12; count++) await assign(who, `Due ${count}`, { dueDate: due });
      expect(await messages(who)).toHaveLength(12);
      expect(await messages(beta.owner)).toEqual(['Elsewhere is due within a day']);
    });
  });
});
