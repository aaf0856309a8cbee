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

/** A copy of the repository, in which checks can be switched off. */
export class Copy {
  readonly root = mkdtempSync(join(tmpdir(), 'tenon-mutate-'));
  readonly #repository: string;

  constructor(repository: string) {
    process.once('exit', () => this.remove());
    for (const name of copied)
      cpSync(join(repository, name), join(this.root, name), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (source) => !['dist', 'coverage', '.turbo'].includes(basename(source)),
      });
    symlinkSync(join(repository, 'node_modules'), join(this.root, 'node_modules'));
    this.#repository = repository;
    this.write(patched(this.root, [onSqlite]));
  }

  /** Works in the copy while patches are applied to it. */
  async with<Result>(patches: readonly Patch[], work: () => Promise<Result>): Promise<Result> {
    const files = patched(this.root, patches);
    const originals = new Map([...files.keys()].map((file) => [file, readFileSync(join(this.root, file), 'utf8')]));
    this.write(files);
    try {
      return await work();
    } finally {
      this.write(originals);
    }
  }

  /** Works in the copy while it has more files. */
  async holding<Result>(
    files: readonly { path: string; text: string }[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    this.write(new Map(files.map(({ path, text }) => [path, text])));
    try {
      return await work();
    } finally {
      for (const { path } of files) rmSync(join(this.root, path));
    }
  }

  write(files: ReadonlyMap<string, string>): void {
    for (const [file, text] of files) writeFileSync(join(this.root, file), text);
  }

  /** Files as the repository has them. */
  restore(files: Iterable<string>): void {
    this.write(new Map([...files].map((file) => [file, readFileSync(join(this.#repository, file), 'utf8')])));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
