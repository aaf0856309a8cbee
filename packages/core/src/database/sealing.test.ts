import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { userTable } from '../identity/user.entity.ts';
import { seal, sealedColumn, type SealedPlace, unseal } from './sealing.ts';

const newKey = () => randomBytes(32).toString('base64');
const place: SealedPlace = { table: 'things', key: ['a', 'b'], field: 'secret' };

describe('a sealed text', () => {
  const settings = { encryptionKeys: [newKey()] };
  const text = 'Größe 🗝 JBSWY3DPEHPK3PXP';
  const sealed = seal(settings, place, text);

  it('opens in its place, and says nothing before', () => {
    expect(unseal(settings, place, sealed)).toBe(text);
    expect(unseal(settings, place, seal(settings, place, ''))).toBe('');
    expect(sealed).toMatch(/^v1\.[0-9a-f]{12}\.[\w-]+$/);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString()).not.toContain('JBSW');
  });

  it('is another one each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => seal(settings, place, text))).size).toBe(100);
  });

  it.each<[string, Partial<SealedPlace>]>([
    ['table', { table: 'others' }],
    ['row', { key: ['a', 'c'] }],
    ['row whose key reads alike', { key: ['ab'] }],
    ['field', { field: 'token' }],
  ])('stays closed in another %s', (_what, moved) => {
    expect(() => unseal(settings, { ...place, ...moved }, sealed)).toThrow('sealed for another place, or changed');
  });

  it('stays closed when any of its bytes was changed', () => {
    const [version = '', id = '', body = ''] = sealed.split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => unseal(settings, place, [version, id, changed.toString('base64url')].join('.'))).toThrow('changed');
    }
    expect(() => unseal(settings, place, [version, id, 'AAAA'].join('.'))).toThrow('cut off');
  });

  it.each(['', 'plain', 'v2.0123456789ab.AAAA', `${sealed}.x`])('is not %s', (other) => {
    expect(() => unseal(settings, place, other)).toThrow('was never sealed');
  });

  it('opens under every key, and is sealed under the first', () => {
    const [older = ''] = settings.encryptionKeys;
    const rotated = { encryptionKeys: [newKey(), older] };
    expect(unseal(rotated, place, sealed)).toBe(text);
    const again = seal(rotated, place, text);
    expect(unseal({ encryptionKeys: rotated.encryptionKeys.slice(0, 1) }, place, again)).toBe(text);
    expect(() => unseal(settings, place, again)).toThrow('which ENCRYPTION_KEY does not have');
  });

  it('needs a key, and a good one', () => {
    expect(() => seal({ encryptionKeys: [] }, place, text)).toThrow('Without an encryption key');
    expect(() => seal({ encryptionKeys: ['c2hvcnQ='] }, place, text)).toThrow('has 32 bytes');
  });
});

it('A column is sealed only where its table says so', () => {
  expect(() => sealedColumn(userTable, 'email')).toThrow('Table users does not declare email as sealed.');
  const column = sealedColumn({ ...userTable, sealed: ['email'] }, 'email');
  const settings = { encryptionKeys: [newKey()] };
  const sealed = column.seal(settings, ['1'], 'a@example.com');
  expect(column.unseal(settings, ['1'], sealed)).toBe('a@example.com');
  expect(() => column.unseal(settings, ['2'], sealed)).toThrow('another place');
});
