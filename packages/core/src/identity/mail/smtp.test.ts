import { once } from 'node:events';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { register } from '../../tenancy/index.ts';
import { createTestPlatform, dialects, TestClock } from '../../testing/index.ts';
import { anonymous, codeOf, newEmail, password } from '../../testing/people.ts';
import { verifyEmail } from '../registration.service.ts';
import type { Mail } from './mailer.ts';
import { createSmtpMailer, type SmtpSettings } from './smtp.ts';

interface Received {
  from: string;
  to: string[];
  user: unknown;
  raw: string;
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A real server on a free port, with the mails that it received. */
async function smtpServer(options: SMTPServerOptions = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          user: session.user,
          raw: Buffer.concat(chunks).toString(),
        });
        callback();
      });
    },
    ...options,
  });
  server.on('error', () => {});
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  stops.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = listening.address();
  if (typeof address !== 'object' || address === null) throw new Error('It does not listen.');
  return { received, port: address.port };
}

const mailer = (port: number, settings: Partial<SmtpSettings> = {}) =>
  createSmtpMailer({
    host: '127.0.0.1',
    port,
    security: 'none',
    login: null,
    from: 'Tenon <no-reply@tenon.example>',
    ...settings,
  });

const mail: Mail = {
  to: 'anna@example.com',
  subject: 'Grüße',
  text: 'Text, größer.\n',
  html: '<p>HTML, größer.</p>\n',
};

/** The decoded parts of a message. */
const readable = (raw: string): string =>
  raw
    .replaceAll('=\r\n', '')
    .replaceAll(/((?:=[0-9A-F]{2})+)/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString());

describe('sending by SMTP', () => {
  it('sends text and HTML from the configured address', async () => {
    const { received, port } = await smtpServer();

    await mailer(port).send(mail, 'job-1');

    expect(received).toMatchObject([{ from: 'no-reply@tenon.example', to: ['anna@example.com'] }]);
    const raw = received[0]?.raw ?? '';
    expect(raw).toMatch(/^From: Tenon <no-reply@tenon.example>\r$/m);
    expect(raw).toMatch(/^To: anna@example.com\r$/m);
    expect(raw).toMatch(/^Message-ID: <job-1@127.0.0.1>\r$/m);
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(raw).toMatch(/^Content-Type: multipart\/alternative/m);
    expect(readable(raw)).toContain('Text, größer.');
    expect(readable(raw)).toContain('<p>HTML, größer.</p>');
  });

  it('lets no subject or address add a header or a recipient', async () => {
    const { received, port } = await smtpServer();

    await mailer(port).send({ ...mail, subject: 'a\r\nBcc: all@example.com' }, 'job-1');
    await mailer(port)
      .send({ ...mail, to: 'anna@example.com, all@example.com' }, 'job-2')
      .catch(() => {});

    expect(received[0]?.raw).not.toMatch(/^Bcc:/m);
    expect(received.flatMap(({ to }) => to)).not.toContain('all@example.com');
  });

  it('signs in if the settings say so', async () => {
    const { received, port } = await smtpServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password: given }, _session, callback) =>
        given === 'secret' ? callback(null, { user: username }) : callback(new Error('no')),
    });

    await mailer(port, { login: { user: 'tenon', password: 'secret' } }).send(mail, 'job-1');
    const wrong = { user: 'tenon', password: 'wrong' };
    expect(await codeOf(mailer(port, { login: wrong }).send(mail, 'job-2'))).toBe('EAUTH');
    expect(await codeOf(mailer(port).send(mail, 'job-3'))).not.toBe('passed');

    expect(received).toMatchObject([{ user: 'tenon' }]);
  });

  it('sends nothing unencrypted when encryption is required, and nothing to a server without a valid certificate', async () => {
    const plain = await smtpServer();
    const selfSigned = await smtpServer({ disabledCommands: [] });

    for (const security of ['starttls', 'tls'] as const)
      for (const { port } of [plain, selfSigned])
        expect(await codeOf(mailer(port, { security }).send(mail, 'job-1'))).not.toBe('passed');

    expect([...plain.received, ...selfSigned.received]).toEqual([]);
  });
});

describe.each(dialects)('the mail job by SMTP on %s', (dialect) => {
  it('retries when the server defers a mail, and delivers it once', async () => {
    const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
    let refusals = 2;
    const { received, port } = await smtpServer({
      onRcptTo(_address, _session, callback) {
        callback(refusals-- > 0 ? Object.assign(new Error('Come back later'), { responseCode: 451 }) : null);
      },
    });
    const platform = await createTestPlatform(dialect, { clock, mailer: mailer(port) });
    try {
      const email = newEmail();
      await register(anonymous(platform), { email, password });

      for (let round = 0; round < 4; round++) {
        await platform.runDueJobs();
        clock.advance(60_000);
      }

      expect(received).toHaveLength(1);
      expect(received[0]?.to).toEqual([email]);
      const token = /^[\w-]+\.\w+\.[\w-]+$/m.exec(readable(received[0]?.raw ?? '').replaceAll('\r', ''))?.[0] ?? '';
      expect(await codeOf(verifyEmail(anonymous(platform), { token }))).toBe('passed');
    } finally {
      await platform.dispose();
    }
  });
});
