import type { Mail } from './mailer.ts';

/** A paragraph, or something to be copied as it is. */
type Block = string | { copy: string };

export interface Message {
  to: string;
  subject: string;
  /** Whom to greet; null is nobody known. */
  name?: string | null;
  blocks: readonly Block[];
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that means nothing but itself, in HTML and in its attributes. */
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);

const htmlOf = (block: Block): string =>
  typeof block === 'string'
    ? `<p style="margin:0 0 16px">${escapeHtml(block).replaceAll('\n', '<br>')}</p>`
    : `<pre style="margin:0 0 16px;padding:12px;background:#f4f4f5;white-space:pre-wrap;word-break:break-all">${escapeHtml(block.copy)}</pre>`;

/**
 * Writes a mail as text and as HTML, which say the same. Whatever people typed is escaped; nothing is loaded from anywhere, and
 * nothing is a link, so that nobody learns to click one.
 */
export function writeMail({ to, subject, name = null, blocks }: Message): Mail {
  const all: Block[] = [`Hello${name === null ? '' : ` ${name}`},`, ...blocks];
  const text = all.map((block) => (typeof block === 'string' ? block : block.copy)).join('\n\n');
  const body = all.map(htmlOf).join('\n');
  return {
    to,
    subject,
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

/** The token of a mail to be copied, and a call of the API that uses it. */
export const tokenBlocks = (publicUrl: string, path: string, body: { token: string; password?: string }): Block[] => [
  { copy: body.token },
  'For example:',
  callWith(publicUrl, path, { ...body }),
];

/** A call of the API to be copied: the token in it is good for one use. */
export const callWith = (publicUrl: string, path: string, body: Readonly<Record<string, string>>): Block => ({
  copy: `curl -X POST ${publicUrl}/api/v1${path} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`,
});
