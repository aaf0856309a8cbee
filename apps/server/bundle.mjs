// Bundles the server and its libraries into a few JavaScript files. They start several times faster than the sources, because Node need not
// find and read hundreds of modules one by one. Names and lines stay readable, because source maps would double the time of a start.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const here = import.meta.dirname;
const root = join(here, '../..');
const dist = join(here, 'dist');
const migrations = join(root, 'packages/core/src/database/migrations');
/** The folders of the sources, and the files beside them that decide what the bundle contains. */
const folders = ['apps/server/src', 'packages/api/src', 'packages/core/src'].map((path) => join(root, path));
const files = [
  'pnpm-lock.yaml',
  'apps/server/bundle.mjs',
  'apps/server/package.json',
  'packages/api/package.json',
  'packages/core/package.json',
].map((path) => join(root, path));

/** Parts of the bundle that do something when they are loaded. The others only define something. */
export const programs = ['tenon.js', 'checkpoint-thread.js'];

/** How many bundles are kept. A running server may still load parts of an older one. */
const kept = 4;

const isSource = (path) => /\.(ts|json)$/.test(path) && !/\.test\.ts$|[/\\]testing[/\\]/.test(path);

/** The names of the bundles, finished or not. */
const bundles = () =>
  existsSync(dist)
    ? readdirSync(dist, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];

/** Everything in a folder, and the folder itself, as `[path, isFile]`. */
const contentsOf = (folder) => [
  [folder, false],
  ...readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => [
    join(entry.parentPath, entry.name),
    entry.isFile(),
  ]),
];

/** When a path last changed in any way. A folder changes when something is added to it. Undefined when there is no such path. */
const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.ctimeMs;

/** The file in a bundle that lists the paths that decide what it contains, with the times at which they had changed. */
const listIn = (name) => join(dist, name, 'sources.json');

/** Whether no source has changed since a bundle was last found to be the present one. This saves reading all sources with each start. */
function isUnchanged(name) {
  try {
    const paths = JSON.parse(readFileSync(listIn(name), 'utf8'));
    return paths.every(([path, at]) => changedAt(join(root, path)) === at);
  } catch {
    return false;
  }
}

/** Writes the list of a bundle. Another start never sees half of it. */
function keepList(name, paths) {
  const unfinished = `${listIn(name)}-${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(unfinished, JSON.stringify(paths));
    renameSync(unfinished, listIn(name));
  } catch {
    // The folder is read-only. So the next start reads the sources again.
  }
}

/** Names the bundle of the present sources, and lists them. The name is a hash of their contents, because a checkout changes their times. */
function readSources() {
  const found = folders.flatMap(contentsOf);
  const sources = [...files, ...found.filter(([path, isFile]) => isFile && isSource(path)).map(([path]) => path)];
  // The times are read before the contents. A file that changes in between has another time at the next start.
  const paths = [...files, ...found.map(([path]) => path)].map((path) => [relative(root, path), changedAt(path)]);
  const hash = createHash('sha256');
  for (const path of sources.sort((a, b) => (a < b ? -1 : 1))) {
    const text = readFileSync(path);
    hash.update(`${relative(root, path).replaceAll(sep, '/')}\0${text.length}\0`).update(text);
  }
  return { name: hash.digest('hex').slice(0, 16), paths };
}

/** Lets entities import only those parts of the ORM that define entities. Its index would load all of the ORM with every start. */
const entityParts = {
  name: 'entity-parts',
  setup(build) {
    build.onResolve({ filter: /^@mikro-orm\/core$/ }, ({ path, importer }) =>
      folders.some((folder) => importer.startsWith(folder)) ? { path, namespace: 'entity-parts' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'entity-parts' }, () => {
      const orm = dirname(createRequire(join(root, 'packages/core/package.json')).resolve('@mikro-orm/core'));
      return {
        resolveDir: orm,
        contents: `export { defineEntity, p } from './entity/defineEntity.js'; export { Type, types } from './types/index.js';`,
      };
    });
  },
};

/**
 * Loads some modules with `require`. An `import` of node:http reads all its exports, and one of them loads a client with WebSockets. An
 * `import` of a CommonJS module outside of the bundle loads the lexer that guesses its exports.
 */
const requiredModules = {
  name: 'required-modules',
  setup(build) {
    build.onResolve({ filter: /^(node:https?|better-sqlite3)$/ }, ({ path, namespace, kind }) => {
      // What is imported on demand is not loaded with the start, and must keep its names.
      const isLate = kind === 'dynamic-import' && path.startsWith('node:');
      return namespace === 'required' || isLate ? { path, external: true } : { path, namespace: 'required' };
    });
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** Migrations are separate files, because the ORM finds them by their folder. */
const migrationEntries = () =>
  ['sqlite', 'postgresql'].flatMap((dialect) =>
    readdirSync(join(migrations, dialect))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ in: join(migrations, dialect, file), out: `migrations/${dialect}/${file.slice(0, -3)}` })),
  );

async function build(folder) {
  const esbuild = await import('esbuild');
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: [
      { in: join(here, 'src/cli.ts'), out: 'tenon' },
      // A worker thread. `checkpoints.ts` starts it by the name of its file.
      { in: join(root, 'packages/core/src/database/checkpoint-thread.ts'), out: 'checkpoint-thread' },
      ...migrationEntries(),
    ],
    outdir: folder,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    tsconfigRaw: {},
    legalComments: 'none',
    // Native libraries, and optional parts of the ORM and of pg that are not used here.
    external: ['@node-rs/*', 'dataloader', 'pg-native'],
    // CommonJS libraries call `require` for the modules of Node.
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`,
    },
    plugins: [entityParts, requiredModules],
    logLevel: 'warning',
  });
  await esbuild.stop();
}

/** Returns when a bundle was finished. */
const finishedAt = (name) => statSync(join(dist, name)).mtimeMs;

/** Removes the oldest bundles, finished or not. */
function removeOld() {
  const names = bundles().sort((a, b) => finishedAt(b) - finishedAt(a));
  for (const name of names.slice(kept)) rmSync(join(dist, name), { recursive: true, force: true });
}

/**
 * Returns the folder of the bundle of the present sources. Builds it when it is missing. Several processes may build at once, because each
 * writes a folder of its own and renames it at the end.
 */
export async function currentBundle() {
  // The image contains one bundle and no sources.
  if (!existsSync(folders[0])) return join(dist, bundles()[0]);
  const unchanged = bundles().find(isUnchanged);
  if (unchanged !== undefined) return join(dist, unchanged);
  const { name, paths } = readSources();
  const folder = join(dist, name);
  if (existsSync(folder)) {
    keepList(name, paths);
    return folder;
  }
  const unfinished = `${folder}-${randomBytes(4).toString('hex')}`;
  try {
    await build(unfinished);
    renameSync(unfinished, folder);
    keepList(name, paths);
    removeOld();
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Returns the folder of the code that V8 has compiled from a bundle. Node makes a folder in it for each version, processor and user. */
export const compiledIn = (bundle) => join(bundle, 'compiled');

/** Compiles a bundle for the current user, so that already the first start is fast. */
async function compile(bundle) {
  enableCompileCache(compiledIn(bundle));
  const parts = readdirSync(bundle).filter((file) => file.endsWith('.js') && !programs.includes(file));
  for (const part of parts) await import(pathToFileURL(join(bundle, part)).href);
}

if (import.meta.main) {
  const bundle = await currentBundle();
  if (process.argv.includes('--compile')) await compile(bundle);
}
