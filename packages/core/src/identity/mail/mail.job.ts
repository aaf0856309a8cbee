import type { ServiceContext } from '../../database/context.ts';
import type { JobHandler, JobPayload } from '../../jobs/index.ts';
import type { Mail, Mailer } from './mailer.ts';

/** The kind of job that sends a mail. Its payload names the template and its subject, and contains no secret. */
export const mailJob = 'mail.send';

/** Writes the mail for a payload. Answers null when there is nothing to send any more. */
export type MailTemplate = (ctx: ServiceContext, payload: JobPayload) => Promise<Mail | null>;

/** Makes the job handler that sends the mails of these templates. The job retries a mail that fails. */
export const mailHandler =
  (mailer: Mailer, templates: Readonly<Record<string, MailTemplate>>): JobHandler =>
  async (ctx, payload, job) => {
    const name = String(payload['template']);
    const template = Object.hasOwn(templates, name) ? templates[name] : undefined;
    if (!template) throw new Error(`There is no mail template ${name}.`);
    const mail = await template(ctx, payload);
    if (mail) await mailer.send(mail, job.id);
    return { sent: mail !== null };
  };
