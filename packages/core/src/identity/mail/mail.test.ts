import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { createTestPlatform, dialects, TestClock } from '../../testing/index.ts';
import { register } from '../../tenancy/index.ts';
import { anonymous, codeOf, newEmail, password, signUp } from '../../testing/people.ts';
import type { JobRun } from '../../jobs/index.ts';
import { verifyEmail } from '../registration.service.ts';
import { mailHandler } from './mail.job.ts';
import { createMailbox } from './mailbox.ts';
import type { Mail } from './mailer.ts';
import { verificationMail } from './account.mails.ts';

const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));

describe('the mailbox folder', () => {
  let directory: string;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'tenon-mail-')), 'mailbox');
  });
  afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

  const mail: Mail = { to: 'anna@example.com', subject: 'Hello', text: 'One\nTwo\n', html: '<p>One</p>\n' };
  const files = () => readdirSync(directory).sort();
  const content = (index = 0) => readFileSync(join(directory, files()[index] ?? ''), 'utf8');
  const mailbox = (lines: [object, string][] = []) =>
    createMailbox({
      directory,
      clock,
      logger: { ...silentLogger, info: (facts, message) => lines.push([facts, message]) },
    });

  it('gets a file for each message, named by time and recipient', async () => {
    await mailbox().send(mail, 'id-1');

    expect(files()).toEqual(['2026-03-01T12-00-00.000Z-anna@example.com.eml']);
    expect(content()).toContain('To: anna@example.com\r\n');
    expect(content()).toContain('Message-ID: <id-1@tenon.localhost>\r\n');
    expect(content()).toContain('\r\n\r\nOne\r\nTwo\r\n\r\n--tenon-id-1\r\nContent-Type: text/html');
    expect(content().endsWith('<p>One</p>\r\n\r\n--tenon-id-1--\r\n')).toBe(true);
    expect(statSync(join(directory, files()[0] ?? '')).mode & 0o077).toBe(0);
  });

  it('loses none of two messages in the same millisecond', async () => {
    await Promise.all([mailbox().send(mail, 'id-1'), mailbox().send(mail, 'id-2')]);

    expect(files()).toHaveLength(2);
  });

  it('logs the recipient and the file, but not the text', async () => {
    const lines: [object, string][] = [];
    await mailbox(lines).send({ ...mail, text: 'token-in-the-text' }, 'id-1');

    expect(lines).toHaveLength(1);
    expect(lines[0]?.[0]).toMatchObject({ to: mail.to, subject: 'Hello' });
    expect(JSON.stringify(lines)).not.toContain('token-in-the-text');
  });

  it('lets no address leave the folder, and no subject add a header', async () => {
    await mailbox().send({ ...mail, to: '../../evil/x@example.com', subject: 'a\r\nBcc: all@example.com' }, 'id-1');

    expect(files()).toEqual(['2026-03-01T12-00-00.000Z-.._.._evil_x@example.com.eml']);
    expect(content()).not.toMatch(/^Bcc:/m);
  });

  it('encodes non-ASCII letters so that every mail reader shows them', async () => {
    await mailbox().send({ ...mail, subject: 'Grüße', text: 'Größe 株式会社\n' }, 'id-1');

    expect(content()).toContain(`Subject: =?utf-8?B?${Buffer.from('Grüße').toString('base64')}?=`);
    expect(content()).toContain('Content-Transfer-Encoding: base64');
    expect(Buffer.from(content().split('\r\n\r\n')[2]?.split('\r\n--')[0] ?? '', 'base64').toString('utf8')).toBe(
      'Größe 株式会社\n',
    );
  });
});

describe.each(dialects)('mail.send on %s', (dialect) => {
  it('sends the verification mail with a token that works, and none that is not needed', async () => {
    const platform = await createTestPlatform(dialect, { clock });
    try {
      const sent: [Mail, string][] = [];
      const handler = mailHandler(
        { send: async (mail, id) => void sent.push([mail, id]) },
        { verify_email: verificationMail },
      );
      const run = (payload: Record<string, unknown>) =>
        handler(anonymous(platform), payload, { id: 'job-1' } as JobRun);
      const email = newEmail();
      await register(anonymous(platform), { email, password, fullName: 'Zoë' });

      expect(await run({ template: 'verify_email', email: email.toUpperCase() })).toEqual({ sent: true });
      expect(sent).toMatchObject([[{ to: email }, 'job-1']]);
      const token = /^[\w-]+\.\w+\.[\w-]+$/m.exec(sent[0]?.[0].text ?? '')?.[0] ?? '';
      expect(await codeOf(verifyEmail(anonymous(platform), { token }))).toBe('passed');

      const { email: verified } = await signUp(platform);
      const [closed, program] = [newEmail(), newEmail()];
      for (const one of [closed, program]) await register(anonymous(platform), { email: one, password });
      await writeThroughSystemDoor(anonymous(platform), async ({ db }) => {
        await db.updateTable('users').set({ is_active: false }).where('email_key', '=', closed).execute();
        await db.updateTable('users').set({ kind: 'service' }).where('email_key', '=', program).execute();
      });
      for (const nobody of [email, verified, closed, program, 'nobody@example.com'])
        expect(await run({ template: 'verify_email', email: nobody })).toEqual({ sent: false });
      expect(sent).toHaveLength(1);
      await expect(run({ template: 'toString' })).rejects.toThrow('no mail template');
      await expect(run({})).rejects.toThrow('no mail template');
      expect(existsSync(join(platform.settings.dataDirectory, 'mailbox'))).toBe(false);
    } finally {
      await platform.dispose();
    }
  });
});
