// Builds dist/: for each entry a JavaScript file, and a file of types that does not need the workspace. What entries share is in other files.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const root = import.meta.dirname;
const dist = join(root, 'dist');
/** The file of each path below `@tenon/sdk`. */
const entries = ['index', 'audit', 'events', 'query', 'webhooks'];
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(root, '.dts'), { recursive: true });
/** An intermediate step: the declarations of every source file, here and in the API. tsconfig.json applies in this folder only. */
const declarations = mkdtempSync(join(root, '.dts/'));
process.on('exit', () => rmSync(declarations, { recursive: true }));

await build({
  absWorkingDir: root,
  entryPoints: entries.map((entry) => `src/${entry}.ts`),
  outdir: dist,
  bundle: true,
  // Entries share classes, so that `instanceof` works for the errors of all of them.
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  external: ['@trpc/*'],
  logLevel: 'warning',
});

const tsc = join(root, 'node_modules/.bin/tsc');
const { status } = spawnSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', declarations], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

/** The declarations of what other packages of the workspace export. */
const exported = { '@tenon/api': 'api/src/index.d.ts', '@tenon/core/chain': 'core/src/activity/check-chain.d.ts' };
const workspace = {
  name: 'workspace',
  resolveId: (id) => (id in exported ? join(declarations, exported[id]) : null),
};
const bundle = await rollup({
  input: entries.map((entry) => join(declarations, `sdk/src/${entry}.d.ts`)),
  external: (id) => !(id in exported) && !id.startsWith('.') && !isAbsolute(id),
  treeshake: { moduleSideEffects: false },
  plugins: [workspace, dts()],
});
const { output } = await bundle.write({
  dir: dist,
  format: 'es',
  entryFileNames: '[name].d.ts',
  chunkFileNames: 'shared-[hash].d.ts',
});
const own = new Set(output.map(({ fileName }) => fileName));
const foreign = output.flatMap(({ imports }) => imports).filter((id) => !own.has(id) && !id.startsWith('@trpc/'));
if (foreign.length > 0) throw new Error(`The types import ${foreign.join(', ')}: users of the package do not have it.`);
