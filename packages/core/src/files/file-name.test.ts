import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attachmentDisposition, safeFileName } from './file-name.ts';

it.each([
  ['report.pdf', 'report.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\ada\\note.txt', 'note.txt'],
  ['a\r\nSet-Cookie: x=1', 'a__Set-Cookie_ x=1'],
  ['a\u0000.png', 'a_.png'],
  ['..', 'file'],
  ['', 'file'],
  ['...', 'file'],
  ['???', 'file___'],
  ['con', '_con'],
  ['COM1.txt', '_COM1.txt'],
  ['lpt9.tar.gz', '_lpt9.tar.gz'],
  ['console.log', 'console.log'],
  ['name. . ', 'name'],
  ['evil\u202egnp.exe', 'evil_gnp.exe'],
  ['cafe\u0301.txt', 'caf\u00e9.txt'],
  ['a\ud800b', 'a\ufffdb'],
  ['.env', '.env'],
])('%j becomes %j', (sent, safe) => {
  expect(safeFileName(sent)).toBe(safe);
});

it('keeps the extension of a long name, and cuts between characters', () => {
  const name = safeFileName(`${'é'.repeat(200)}.jpeg`);
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  expect(name).toMatch(/^é+\.jpeg$/);
  expect(Buffer.byteLength(safeFileName('x'.repeat(255)))).toBe(255);
});

it('makes every name safe, and a safe name of itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (sent) => {
      const name = safeFileName(sent);
      expect(name).not.toMatch(/[/\\\p{Cc}]|^\.{1,2}$|^$/u);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
      expect(safeFileName(name)).toBe(name);
      expect(attachmentDisposition(name)).toMatch(/^[ -~]+$/);
    }),
  );
});

it('writes a header that browsers read', () => {
  expect(attachmentDisposition('Überblick "2026" (1).pdf')).toBe(
    `attachment; filename="_berblick _2026_ (1).pdf"; filename*=UTF-8''%C3%9Cberblick%20%222026%22%20%281%29.pdf`,
  );
});
