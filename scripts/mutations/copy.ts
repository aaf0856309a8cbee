import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Patch, patched } from './mutation.ts';

/** What a run needs of the repository. Packages link to each other, so theirs are copied; the rest of node_modules is shared. */
const copied = ['packages', 'package.json', 'tsconfig.base.json'];

/** Most walls are tested where no other stands behind them: on SQLite. Those of PostgreSQL have tests of their own. */
const onSqlite: Patch = {
  file: 'packages/core/src/testing/databases.ts',
  find: "export const dialects: readonly TestDialect[] = ['sqlite', 'postgresql'];",
  replace: "export const dialects: readonly TestDialect[] = ['sqlite'];",
};

function write(copy: string, files: ReadonlyMap<string, string>): void {
  for (const [file, text] of files) writeFileSync(join(copy, file), text);
}

/** A copy of the repository, in which checks can be switched off. */
export class Copy {
  readonly root = mkdtempSync(join(tmpdir(), 'tenon-mutate-'));

  constructor(repository: string) {
    for (const name of copied)
      cpSync(join(repository, name), join(this.root, name), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (source) => !['dist', 'coverage', '.turbo'].includes(basename(source)),
      });
    symlinkSync(join(repository, 'node_modules'), join(this.root, 'node_modules'));
    write(this.root, patched(this.root, [onSqlite]));
  }

  /** Works in the copy while patches are applied to it. */
  async with<Result>(patches: readonly Patch[], work: () => Promise<Result>): Promise<Result> {
    const files = patched(this.root, patches);
    const originals = new Map([...files.keys()].map((file) => [file, readFileSync(join(this.root, file), 'utf8')]));
    write(this.root, files);
    try {
      return await work();
    } finally {
      write(this.root, originals);
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
