import { escapeHtml } from '../../kernel/html.ts';
import type { Mail } from './mailer.ts';

/** A paragraph, or text to copy unchanged. */
export type Block = string | { copy: string };

interface Message {
  to: string;
  subject: string;
  /** The name for the greeting. @default none, as for everybody who has not proven that the address is theirs */
  name?: string | null;
  blocks: readonly Block[];
  headers?: Mail['headers'];
}

const htmlOf = (block: Block): string =>
  typeof block === 'string'
    ? `<p style="margin:0 0 16px">${escapeHtml(block).replaceAll('\n', '<br>')}</p>`
    : `<pre style="margin:0 0 16px;padding:12px;background:#f4f4f5;white-space:pre-wrap;word-break:break-all">${escapeHtml(block.copy)}</pre>`;

/** What connects the parts of an address, in the forms that browsers treat alike, before the next part. */
const joints = /[.:@\u2024\u3002\ufe52\uff0e\uff61\uff1a\uff20](?=\S)/gu;

/**
 * Writes the name of a person or an organization for a mail. Somebody else may have chosen it, so a mail reader must find no address in
 * it that it would show as a link: a space follows each dot, colon and at sign.
 */
export const inert = (name: string): string => name.replaceAll(joints, '$& ');

/** The name with which a mail greets the owner of an address: none before they have proven that the address is theirs. */
export const greetingOf = (person: { fullName: string | null; emailVerifiedAt: string | null }): string | null =>
  person.emailVerifiedAt === null ? null : person.fullName;

/**
 * Writes a mail as text and as HTML with the same content. User input is escaped. The HTML loads nothing, and contains no links,
 * so that users do not learn to click them.
 */
export function writeMail({ to, subject, name = null, blocks, headers = {} }: Message): Mail {
  const all: Block[] = [`Hello${name === null ? '' : ` ${inert(name)}`},`, ...blocks];
  const text = all.map((block) => (typeof block === 'string' ? block : block.copy)).join('\n\n');
  const body = all.map(htmlOf).join('\n');
  return {
    to,
    subject,
    headers,
    text: `${text}\n`,
    html: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#18181b">
<div style="max-width:560px">
${body}
</div>
</body>
</html>
`,
  };
}

/** Shows the token of a mail for copying, and an API call that uses it. */
export const tokenBlocks = (publicUrl: string, path: string, body: { token: string; password?: string }): Block[] => [
  { copy: body.token },
  'For example:',
  callWith(publicUrl, path, { ...body }),
];

/** Shows an API call for copying. A token in it works once. */
export const callWith = (publicUrl: string, path: string, body: Readonly<Record<string, string>>): Block => ({
  copy: `curl -X POST ${publicUrl}/api/v1${path} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`,
});
