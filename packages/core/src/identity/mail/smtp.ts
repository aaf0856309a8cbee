import type { Mailer } from './mailer.ts';

/** The SMTP server that sends the mails of the instance. */
export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: required; `tls`: from the first byte; `none`: unencrypted, for a server on the same network. */
  readonly security: 'starttls' | 'tls' | 'none';
  /** Null if the server requires no login. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** An address, or `Name <address>`. */
  readonly from: string;
}

const timeoutMs = 15_000;

/** Sends mails through an SMTP server, with one connection per mail. Failures are thrown, so that the job retries. */
export function createSmtpMailer({ host, port, security, login, from }: SmtpSettings): Mailer {
  const options = {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login && { auth: { user: login.user, pass: login.password } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Our mails contain only text that we pass.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return {
    async send({ to, subject, text, html, headers }, id) {
      const { createTransport } = await import('nodemailer');
      await createTransport(options).sendMail({
        from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        // The same for every retry, so that a mailbox can detect duplicates.
        messageId: `<${id}@${host}>`,
        // Keeps auto-responders from answering (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated', ...headers },
      });
    },
  };
}
