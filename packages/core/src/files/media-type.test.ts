import { describe, expect, it } from 'vitest';
import { mediaTypeOf, sentMediaType } from './media-type.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
const pdf = Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n1 0 obj\n', 'latin1');
const exe = Buffer.concat([Buffer.from('4d5a90000300000004000000ffff0000b800000000000000', 'hex'), Buffer.alloc(200)]);
const elf = Buffer.concat([Buffer.from('7f454c4602010100', 'hex'), Buffer.alloc(64)]);
const text = (content: string) => Buffer.from(content);

const typeOf = (head: Buffer, declared = '', name = 'file') => mediaTypeOf(head, { name, declared });

describe('the type of a file', () => {
  it.each([
    ['a picture', png, '', 'image/png'],
    ['a picture, declared by another name', jpeg, 'image/jpg', 'image/jpeg'],
    ['a picture that is declared as another picture', jpeg, 'image/png', 'image/jpeg'],
    ['a document', pdf, 'application/pdf', 'application/pdf'],
    ['a document of an unknown program', pdf, 'application/octet-stream', 'application/pdf'],
    ['text', text('Hello, wörld'), '', 'text/plain'],
    ['text that is declared', text('a,b\n1,2'), 'text/csv', 'text/csv'],
    ['text that begins as a program of DOS does', text('MZ is a short word'), '', 'text/plain'],
    ['JSON', text('{"a":1}'), 'application/json', 'application/json'],
    ['HTML that is declared as text', text(' <!-- x --> <HTML><script>alert(1)</script>'), 'text/csv', 'text/html'],
    [
      'a drawing',
      text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
      'image/svg+xml',
      'image/svg+xml',
    ],
    ['nothing', Buffer.alloc(0), '', 'text/plain'],
    ['bytes', Buffer.from('00010203fffe', 'hex'), '', 'application/octet-stream'],
  ])('%s', async (_what, head, declared, type) => {
    expect(await typeOf(head, declared)).toBe(type);
  });

  it.each([
    ['a program of Windows', exe, '', 'setup.bin'],
    ['a program that is sent as a picture', exe, 'image/png', 'holiday.png'],
    ['a program of Linux', elf, 'application/octet-stream', 'tool'],
    ['a script with a name that Windows runs', text('echo hello'), 'text/plain', 'run.CMD'],
    ['text that is sent as a picture', text('hello'), 'image/png', 'a.png'],
    ['HTML that is sent as a picture', text('<html></html>'), 'image/png', 'a.png'],
    ['a drawing that is sent as a picture', text('<svg onload="alert(1)"/>'), 'image/png', 'a.png'],
    ['a picture that is sent as text', png, 'text/plain', 'a.txt'],
    ['a picture that is sent as a document', png, 'application/pdf', 'a.pdf'],
    ['a picture that is sent as sound', png, 'audio/mpeg', 'a.mp3'],
  ])('refuses %s', async (_what, head, declared, name) => {
    await expect(typeOf(head, declared, name)).rejects.toMatchObject({ code: 'media_type_refused' });
  });

  it('is sent without a meaning when a browser could run it', () => {
    for (const type of ['text/html', 'image/svg+xml', 'application/xml', 'text/xml'])
      expect(sentMediaType(type)).toBe('application/octet-stream');
    for (const type of ['image/png', 'text/plain', 'application/pdf']) expect(sentMediaType(type)).toBe(type);
  });
});
