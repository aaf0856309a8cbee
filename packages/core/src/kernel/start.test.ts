import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cannotWrite, makeFolder, StartError } from './start.ts';

describe('a folder for the server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-folder-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is made with its parents, and may be there', () => {
    const path = join(folder, 'a/b/c');
    makeFolder(path);
    expect(() => makeFolder(path)).not.toThrow();
  });

  it('says in one sentence why it cannot be made', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow(StartError);
    expect(() => makeFolder(join(file, 'below'))).toThrow(/^Nothing can be written to \S+: [^\n]+\.$/);
  });

  it('says so of known errors of the system, and throws every other as it is', () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const mistake = new TypeError('undefined is no function');
    expect(() => cannotWrite('/data')(full)).toThrow('Nothing can be written to /data: the disk is full.');
    expect(() => cannotWrite('/data')(mistake)).toThrow(mistake);
  });
});
