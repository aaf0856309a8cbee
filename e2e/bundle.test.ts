import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Copy } from './support/copy.ts';
import { runTenon, startServer, temporaryDirectory, until } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const runFile = promisify(execFile);

let directory: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

/** Prints the parts of the bundle that export a default and nothing else. */
const defaultsOnly = `
  import { readdirSync } from 'node:fs';
  const { currentBundle, programs } = await import(process.argv[1] + '/apps/server/bundle.mjs');
  const bundle = await currentBundle();
  const parts = readdirSync(bundle).filter((file) => file.endsWith('.js') && !programs.includes(file));
  const exported = await Promise.all(parts.map(async (part) => [part, Object.keys(await import(bundle + '/' + part)).join()]));
  console.log(JSON.stringify(exported.filter(([, names]) => names === 'default').map(([part]) => part)));
`;

describe('the bundle', { timeout: 120_000 }, () => {
  it('is built once, and again when a source or the lockfile has changed', async () => {
    const copy = new Copy(directory.path);
    await copy.run('--version');
    const [first] = copy.bundles();
    // The engine of SQLite looks for this file beside itself.
    expect(existsSync(copy.path(`apps/server/dist/${first}/checkpoint-thread.js`))).toBe(true);
    const { mtimeMs } = statSync(copy.path('apps/server/dist'));
    // A checkout can change the times of files whose contents stay the same.
    utimesSync(copy.path('apps/server/src/cli.ts'), new Date(), new Date());
    await copy.run('--version');
    expect(copy.bundles()).toEqual([first]);
    // No folder was added, not even for a moment.
    expect(statSync(copy.path('apps/server/dist')).mtimeMs).toBe(mtimeMs);

    copy.change('apps/server/package.json', '"version": "', '"version": "9.');
    expect(await copy.run('--version')).toMatch(/^9\./);
    copy.change('packages/core/src/kernel/start.ts', 'cannot', 'can not');
    await copy.run('--version');
    copy.change('pnpm-lock.yaml', 'lockfileVersion', '# changed\nlockfileVersion');
    await copy.run('--version');
    // Some older bundles stay, for the servers that run them.
    expect(copy.bundles()).toHaveLength(4);
    expect(copy.bundles()).toContain(first);

    copy.change('pnpm-lock.yaml', '# changed', '# changed again');
    await copy.run('--version');
    expect(copy.bundles()).toHaveLength(4);
    expect(copy.bundles()).not.toContain(first);
  });

  it('is built by several first starts at once without harm', async () => {
    const copy = new Copy(directory.path);
    const versions = await Promise.all([1, 2, 3].map(() => copy.run('--version')));
    expect(new Set(versions).size).toBe(1);
    expect(copy.bundles()).toHaveLength(1);
  });

  it('leaves nothing behind when it cannot be built', async () => {
    const copy = new Copy(directory.path);
    copy.change('packages/core/src/kernel/start.ts', 'export function', 'export functoin');
    await expect(copy.run('--version')).rejects.toThrow(/start\.ts/);
    expect(copy.bundles()).toEqual([]);
  });

  it('runs where its folder was moved and cannot keep compiled code, and writes nothing else there', async () => {
    const copy = new Copy(directory.path);
    await copy.run('--version');
    const [bundle = ''] = copy.bundles();
    const files = () => readdirSync(copy.path(`apps/server/dist/${bundle}`), { recursive: true, encoding: 'utf8' });
    const built = files().filter((name) => !name.includes('compiled'));
    const moved = join(directory.path, 'moved');
    renameSync(copy.folder, moved);
    copy.folder = moved;
    renameSync(copy.path(`apps/server/dist/${bundle}/compiled`), join(directory.path, 'compiled'));
    // A folder cannot be made in the place of a file.
    writeFileSync(copy.path(`apps/server/dist/${bundle}/compiled`), '');
    expect(await copy.run('migrate')).toMatch(/^Migrated: Migration/);
    expect(copy.bundles()).toEqual([bundle]);
    expect(new Set(files())).toEqual(new Set([...built, 'compiled']));
  });

  it('has parts that can all be loaded, with the names that are imported from them', async () => {
    const { stdout } = await runFile(process.execPath, ['--input-type=module', '--eval', defaultsOnly, root]);
    // A CommonJS library that is imported on demand has no named exports in the bundle of esbuild. So a module of ours must import the names,
    // and must itself be imported on demand. A file of JSON has no names.
    expect(JSON.parse(stdout)).toEqual([
      expect.stringMatching(/^better-sqlite3-/),
      expect.stringMatching(/^examples-/),
    ]);
    await runFile(process.execPath, [join(root, 'apps/server/bundle.mjs'), '--compile']);
  });
});

const hooks = `
  import { appendFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + '\\n'); return next(url, context); } });
`;

it(
  'loads neither the ORM nor what few requests need when it starts on a migrated database',
  { timeout: 120_000 },
  async () => {
    const loaded = join(directory.path, 'loaded');
    await runTenon(['migrate'], { DATA_DIR: directory.path });
    const server = await startServer({
      DATA_DIR: directory.path,
      LOADED: loaded,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hooks)}`,
    });
    await until(async () => ((await fetch(`${server.url}/health`)).ok ? true : undefined), 'Health');
    await server.kill('SIGTERM');
    const files = readFileSync(loaded, 'utf8')
      .split('\n')
      .filter((url) => /^file:.*\/dist\/.*\.js$/.test(url));
    // esbuild writes the path of each module into a comment.
    const packages = files.flatMap((url) => [
      ...readFileSync(fileURLToPath(url), 'utf8').matchAll(/^\s*\/\/ .*node_modules\/((?:@[\w-]+\/)?[\w-]+)\/.*$/gm),
    ]);
    const names = [...new Set(packages.map(([, name = '']) => name))];
    expect(names).toEqual(expect.arrayContaining(['fastify', 'kysely', '@mikro-orm/core']));
    const late =
      /^(@mikro-orm\/(?!core)|pg|nodemailer|undici|openid-client|@simplewebauthn|@aws-sdk|@flystorage|file-type|marked)/;
    expect(names.filter((name) => late.test(name))).toEqual([]);
    // Of the ORM only the parts that define entities are loaded.
    expect(packages.filter(([comment]) => comment.includes('UnitOfWork'))).toEqual([]);
  },
);
