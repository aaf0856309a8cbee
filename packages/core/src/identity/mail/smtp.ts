import { createTransport } from 'nodemailer';
import type { Mailer } from './mailer.ts';

/** How mails leave the instance. */
export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: not without it; `tls`: from the first byte; `none`: in the clear, for a server next door. */
  readonly security: 'starttls' | 'tls' | 'none';
  /** Null: the server asks nobody who they are. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** An address, or `Name <address>`. */
  readonly from: string;
}

const timeoutMs = 15_000;

/** Sends mails through an SMTP server, one connection each. What fails is thrown, for the job to try again. */
export function createSmtpMailer({ host, port, security, login, from }: SmtpSettings): Mailer {
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login && { auth: { user: login.user, pass: login.password } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Mails are made of text alone.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text, html }, id) {
      await transport.sendMail({
        from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        // The same at every try, so that a mailbox can tell a repetition.
        messageId: `<${id}@${host}>`,
        // No answering machine answers it (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    },
  };
}
