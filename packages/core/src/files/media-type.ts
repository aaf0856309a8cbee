import { isUtf8 } from 'node:buffer';
import type { DomainError } from '../kernel/errors.ts';
import { fileErrors } from './file.errors.ts';

/** How many bytes of a file are read to detect its type. */
export const headBytes = 64 * 1024;

/** The types of programs that a double click starts. */
const programs: ReadonlySet<string> = new Set([
  'application/x-msdownload',
  'application/vnd.microsoft.portable-executable',
  'application/x-elf',
  'application/x-mach-binary',
  'application/x-msi',
  'application/vnd.android.package-archive',
]);
const programNames = /\.(?:bat|cmd|com|cpl|exe|hta|jse?|lnk|msc|msi|pif|ps1|reg|scr|vbe|vbs|wsf|wsh)$/i;

/** The first bytes of programs that the sniffer does not recognize: `MZ` of DOS, ELF, and the four of Mach-O. */
const programStarts = ['4d5a', '7f454c46', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe'];

/** The text at the beginning of a file; null when its bytes are not text. The last character may be cut. */
function textOf(head: Buffer): string | null {
  if (head.includes(0)) return null;
  for (let cut = 0; cut <= 3 && cut <= head.length; cut++)
    if (isUtf8(head.subarray(0, head.length - cut))) return head.toString();
  return null;
}

/** The type of a text that a browser would run or draw. */
function markupOf(text: string): string | null {
  const start = text
    .replace(/^\ufeff/, '')
    .replaceAll(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|^\s+/g, '')
    .trimStart();
  if (/^(?:<!doctype\s+svg\b[^>]*>\s*)?<(?:\w+:)?svg[\s>]/i.test(start)) return 'image/svg+xml';
  if (/^<(?:!doctype\s+html|html|head|body|script|iframe|style|title|table|div|a|p|h1|br|img|link|meta)\b/i.test(start))
    return 'text/html';
  return null;
}

/** Whether a client may declare this type for a text. The sniffer cannot distinguish CSV from Markdown. */
const isDeclaredText = (type: string): boolean =>
  /^text\/(?!html|javascript|ecmascript)|^application\/(?:json|yaml|toml|xml|x-ndjson|sql)$/.test(type);

/** Types that the sniffer concludes from so few bytes that a text may begin with them. */
const guesses: readonly string[] = ['application/xml', 'application/x-msdownload'];

/** Types with two names. */
const aliases: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
  'application/x-pdf': 'application/pdf',
};

const familyOf = (type: string): string => type.slice(0, type.indexOf('/'));

/** Whether content of the found type contradicts the declared type. Only types that people and browsers display are compared. */
function contradicts(found: string, isText: boolean, declared: string): boolean {
  if (declared === '' || declared === 'application/octet-stream') return false;
  if (['image', 'audio', 'video'].includes(familyOf(declared))) {
    const isMedia = ['audio', 'video'].includes(familyOf(found)) && familyOf(declared) !== 'image';
    if (familyOf(declared) === 'image')
      return familyOf(found) !== 'image' || (found === 'image/svg+xml') !== (declared === 'image/svg+xml');
    return !isMedia && found !== 'application/ogg';
  }
  if (declared === 'application/pdf') return found !== declared;
  return familyOf(declared) === 'text' && !isText;
}

/**
 * Detects the type of a file from its first bytes.
 * @param declared the type that the client declares; '' for none
 * @throws `media_type_refused` for a program, and for content that contradicts the declared type
 */
export async function mediaTypeOf(
  head: Buffer,
  { name, declared }: { name: string; declared: string },
): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type');
  const sniffed = (await fileTypeFromBuffer(head))?.mime ?? null;
  const text = sniffed === null || guesses.includes(sniffed) ? textOf(head) : null;
  const given = declared.toLowerCase();
  const said = aliases[given] ?? given;
  const found =
    (text === null ? sniffed : (markupOf(text) ?? (isDeclaredText(said) ? said : 'text/plain'))) ??
    'application/octet-stream';
  const start = head.toString('hex', 0, 4);
  const isProgram = text === null && programStarts.some((one) => start.startsWith(one));
  if (isProgram || programs.has(found) || programNames.test(name)) throw refused('Programs are not accepted.');
  if (contradicts(found, text !== null, said)) throw refused(`It was sent as ${said}, but its content is ${found}.`);
  return found;
}

const refused = (message: string): DomainError => fileErrors.media_type_refused({ message });

/** Types that a browser would run, or in which it would run a script. They are sent as bytes without a type. */
const active = /^(?:text\/html|image\/svg\+xml|application\/(?:xml|xhtml\+xml)|text\/xml)$/;

/** The Content-Type with which a file is sent. */
export const sentMediaType = (type: string): string => (active.test(type) ? 'application/octet-stream' : type);
