import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * The node_modules of the packages link to other packages, so they are copied as well. The one of the root is shared. A test compares
 * the indexes with those in docs.
 */
const copied = ['packages', 'docs', 'package.json', 'tsconfig.base.json'];

/** A copy of the repository, in which checks can be switched off. */
export class Copy {
  readonly root = mkdtempSync(join(tmpdir(), 'tenon-mutate-'));

  constructor(repository: string) {
    process.once('exit', () => this.remove());
    for (const name of copied)
      cpSync(join(repository, name), join(this.root, name), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (source) => !['dist', 'coverage', '.turbo'].includes(basename(source)),
      });
    symlinkSync(join(repository, 'node_modules'), join(this.root, 'node_modules'));
  }

  write(files: Iterable<readonly [file: string, text: string]>): void {
    for (const [file, text] of files) writeFileSync(join(this.root, file), text);
  }

  /** Runs `work` while the copy has additional files. */
  async holding<Result>(files: ReadonlyMap<string, string>, work: () => Promise<Result>): Promise<Result> {
    this.write(files);
    try {
      return await work();
    } finally {
      for (const file of files.keys()) rmSync(join(this.root, file));
    }
  }

  remove(): void {
    // A test process that was killed may still be writing there.
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
