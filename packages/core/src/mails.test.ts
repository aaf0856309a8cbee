import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from './database/system-door.ts';
import { changeEmail, identityMails, type MailTemplate, updateCurrentUser } from './identity/index.ts';
import type { JobPayload } from './jobs/index.ts';
import { uuidv7 } from './kernel/ids.ts';
import { notificationMails } from './notifications/index.ts';
import { NotificationEntity } from './notifications/notification.entity.ts';
import { createTestPlatform, dialects, type TestPlatform } from './testing/index.ts';
import { anonymous, newEmail, password, signUp } from './testing/people.ts';
import { addMember, register, tenancyMails } from './tenancy/index.ts';

const templates: Readonly<Record<string, MailTemplate>> = { ...identityMails, ...tenancyMails, ...notificationMails };

/** What the names of people and organizations contain here: addresses of every kind that a mail reader shows as a link. */
const name = 'evil.example https://evil.example/pay www.evil.example pay@evil.example evil。example evil．example:80';
const link = /evil[.。．@:]\S|:\/\/evil|@evil/;

describe.each(dialects)('mails on %s', (dialect) => {
  let platform: TestPlatform;
  /** The payloads with which each template is written to somebody who has proven their address. */
  let known: Readonly<Record<string, JobPayload>>;
  /** The same for addresses that nobody has proven. */
  let unknown: Readonly<Record<string, JobPayload>>;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    const person = await signUp(platform, { fullName: name, organizationName: name });
    const organizationId = person.organization?.id ?? '';
    await updateCurrentUser(await person.ctx('none'), { fullName: name });
    await changeEmail(await person.ctx('none'), { email: newEmail(), currentPassword: password });
    const roles = await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.selectFrom('roles').select('id').where('key', '=', 'viewer').execute(),
    );
    await addMember(await person.ctx('required'), {
      organizationId,
      email: newEmail(),
      roleIds: roles.map(({ id }) => id),
    });
    const rows = await writeThroughSystemDoor(anonymous(platform), async ({ db }) => ({
      change: await db.selectFrom('email_changes').select('id').executeTakeFirstOrThrow(),
      invitation: await db.selectFrom('invitations').select('id').executeTakeFirstOrThrow(),
    }));
    const notificationId = uuidv7();
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.insert(NotificationEntity, {
        userId: person.user.id,
        id: notificationId,
        organizationId,
        type: 'invitation.received',
        newsKey: 'a test',
        actorId: person.user.id,
        entityType: 'invitation',
        entityId: rows.invitation.id,
        details: {},
        inApp: true,
        createdAt: unit.now,
      }),
    );
    const stranger = newEmail();
    const { user } = await register(anonymous(platform), { email: stranger, password, fullName: name });
    const [changeId, invitationId] = [rows.change.id, rows.invitation.id];
    known = {
      reset_password: { email: person.email },
      password_changed: { userId: person.user.id },
      second_factor_reset: { userId: person.user.id },
      undo_email: { changeId },
      email_change_undone: { userId: person.user.id, disabled: [{ kind: 'passkey', name }] },
      invitation: { invitationId },
      notifications: { userId: person.user.id, ids: [notificationId] },
    };
    unknown = {
      verify_email: { email: stranger },
      reset_password: { email: stranger },
      password_changed: { userId: user.id },
      second_factor_reset: { userId: user.id },
      confirm_email: { changeId },
    };
  });
  afterAll(() => platform.dispose());

  const written = async (template: string, payload: JobPayload) => {
    const mail = await templates[template]?.(anonymous(platform), payload);
    if (!mail) throw new Error(`${template} wrote no mail.`);
    return `${mail.subject}\n${mail.text}\n${mail.html}`;
  };

  it('are all tried here', () => {
    expect([...new Set([...Object.keys(known), ...Object.keys(unknown)])].toSorted()).toEqual(
      Object.keys(templates).toSorted(),
    );
  });

  it('make no link of the names of people and organizations', async () => {
    for (const [template, payload] of Object.entries(known)) {
      const mail = await written(template, payload);
      expect(mail).toContain('evil');
      expect([template, link.exec(mail)]).toEqual([template, null]);
    }
  });

  it('tell no name to somebody who has not proven their address', async () => {
    for (const [template, payload] of Object.entries(unknown))
      expect([template, (await written(template, payload)).includes('evil')]).toEqual([template, false]);
  });

  it('tell no name of an inviter who has not proven their address', async () => {
    const invited = { ...known['invitation'] };
    await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.updateTable('users').set({ email_verified_at: null }).execute(),
    );
    expect(await written('invitation', invited)).toContain('Somebody invites you to evil');
  });
});
