import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Runs a script on a Node that says it is of this version. */
const runOn = (version: string, ...script: readonly string[]) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, ...script];
    execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });

describe('an old Node', () => {
  it.each(['scripts/boot.cjs', 'apps/server/bin/tenon.cjs'])('is refused with one sentence by %s', async (script) => {
    for (const version of ['10.24.1', '18.20.4'])
      expect(await runOn(version, script, 'start')).toEqual({
        code: 1,
        stdout: '',
        stderr: `Tenon needs Node 20 or newer, but this is Node ${version}: see https://nodejs.org\n`,
      });
    expect(await runOn('20.0.0', script, '--nothing')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/usage/i),
    });
  });

  it('is the same for every package', () => {
    const manifests = globSync(['package.json', '{apps,packages}/*/package.json'], { cwd: root });
    const engines = manifests.flatMap((file) => JSON.parse(readFileSync(join(root, file), 'utf8')).engines ?? []);
    expect(engines.length).toBeGreaterThan(1);
    expect(new Set(engines.map(({ node }: { node: string }) => node))).toEqual(new Set(['>=20']));
  });
});
