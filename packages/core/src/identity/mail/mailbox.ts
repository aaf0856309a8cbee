import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Mail, Mailer } from './mailer.ts';

interface MailboxOptions {
  /** Created when missing. */
  directory: string;
  logger: Logger;
  clock: Clock;
}

/** The text of a header: ASCII unchanged, anything else as an encoded word (RFC 2047). */
const headerText = (text: string): string =>
  /^[ -~]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;

const base64Lines = (text: string): string => Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\r\n');

/** Renders a message in the format of RFC 5322. */
function render({ to, subject, text, html, headers: more = {} }: Mail, id: string, at: Date): string {
  const boundary = `tenon-${id}`;
  const headers = [
    'From: Tenon <no-reply@localhost>',
    `To: ${headerText(to)}`,
    `Subject: ${headerText(subject)}`,
    `Date: ${at.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@tenon.localhost>`,
    ...Object.entries(more).map(([name, value]) => `${name}: ${value}`),
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
  ];
  const parts = [part('text/plain', text), part('text/html', html)].map((body) => `--${boundary}\r\n${body}`);
  return `${headers.join('\r\n')}\r\n\r\n${parts.join('')}--${boundary}--\r\n`;
}

/** Renders one part. The file stays readable, unless the text has non-ASCII characters or very long lines. */
function part(type: string, content: string): string {
  const plain = /^[\t\n -~]*$/.test(content) && !/.{990}/.test(content);
  const head = `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${plain ? '7bit' : 'base64'}`;
  return `${head}\r\n\r\n${plain ? content.replaceAll('\n', '\r\n') : base64Lines(content)}\r\n`;
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

/** Writes each message to a folder as `<time>-<to>.eml`. For development, and until SMTP is set up. */
export function createMailbox({ directory, logger, clock }: MailboxOptions): Mailer {
  return {
    async send(mail, id) {
      const at = clock.now();
      await mkdir(directory, { recursive: true });
      const name = `${at.toISOString().replaceAll(':', '-')}-${mail.to.replaceAll(/[^\w.@+-]/g, '_').slice(0, 120)}`;
      for (let copy = 1; ; copy++) {
        const file = join(directory, `${name}${copy === 1 ? '' : `-${copy}`}.eml`);
        try {
          await writeFile(file, render(mail, id, at), { flag: 'wx', mode: 0o600 });
          logger.info({ to: mail.to, subject: mail.subject, directory }, 'mail written to the mailbox folder');
          return;
        } catch (error) {
          if (!isTaken(error)) throw error;
        }
      }
    },
  };
}
