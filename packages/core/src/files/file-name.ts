import { cutToBytes } from '../kernel/text.ts';

/** The longest file name that every file system accepts, in bytes of UTF-8. */
const longestName = 255;

/** Control characters, characters that reorder the text around them, and characters that Windows refuses in a name. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u206f\ufff9-\ufffb<>:"|?*]/gu;

/** Names that mean a device on Windows, with any extension. */
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Cuts the part before the extension, so that the type stays visible. */
function shortened(name: string): string {
  if (bytesOf(name) <= longestName) return name;
  const extension = /\.[^.]{1,20}$/u.exec(name)?.[0] ?? '';
  return cutToBytes(name.slice(0, name.length - extension.length), longestName - bytesOf(extension)) + extension;
}

/**
 * Turns the name that a client sent into a name that is safe on every system: one path segment in NFC without control characters, at most
 * 255 bytes long, and no device name of Windows. It never fails.
 * @example safeFileName('../../etc/passwd\r\n') // 'passwd'
 */
export function safeFileName(sent: string): string {
  const segment = sent.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const clean = segment.replaceAll(unsafe, '_').replace(/^\s+|[\s.]+$/gu, '');
  const named = device.test(clean) ? `_${clean}` : clean;
  return shortened(/[^_]/u.test(named) ? named : `file${named}`);
}

/** Encodes all characters but those that RFC 8187 allows unencoded. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** The value of Content-Disposition that makes a browser save a file under its name and never display it. */
export const attachmentDisposition = (name: string): string =>
  `attachment; filename="${name.replaceAll(/[^ -~]|["\\%]/gu, '_')}"; filename*=UTF-8''${encoded(name)}`;
