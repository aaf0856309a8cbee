import { execFile } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const runFile = promisify(execFile);

/** A copy of the sources, with bundles of its own and the dependencies of this workspace. */
export class Copy {
  folder: string;
  readonly #directory: string;

  constructor(directory: string, ...more: readonly string[]) {
    this.#directory = directory;
    this.folder = join(directory, 'copy');
    for (const part of ['apps/server', 'packages/api', 'packages/core', 'pnpm-lock.yaml', ...more])
      cpSync(join(root, part), join(this.folder, part), {
        recursive: true,
        // The links to the other packages are relative, so they lead to the copies.
        verbatimSymlinks: true,
        filter: (path) => !['dist', 'testing', '.turbo'].includes(basename(path)) && !path.endsWith('.test.ts'),
      });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  bundles(): string[] {
    const folder = this.path('apps/server/dist');
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  change(name: string, from: string, to: string): void {
    const text = readFileSync(this.path(name), 'utf8');
    if (!text.includes(from)) throw new Error(`${name} does not contain ${from}.`);
    writeFileSync(this.path(name), text.replace(from, to));
  }

  /** Returns the output of a command. @throws when it fails */
  async run(...args: string[]): Promise<string> {
    const { stdout } = await runFile(process.execPath, [this.path('apps/server/bin/tenon.mjs'), ...args], {
      env: { PATH: process.env['PATH'], DATA_DIR: join(this.#directory, 'data') },
    });
    return stdout.trim();
  }
}
