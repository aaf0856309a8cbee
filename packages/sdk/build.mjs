// Builds dist/: for each entry a JavaScript file, and a file of types that does not need the workspace. What entries share is in other files.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { appRouter, operationsOf } from '@tenon/api';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { apiTypes } from './build/api-types.ts';

const root = import.meta.dirname;
const dist = join(root, 'dist');
/** The file of each path below `@tenon/sdk`. */
const entries = ['index', 'audit', 'events', 'query', 'webhooks'];
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(root, '.dts'), { recursive: true });
/** Intermediate steps. tsconfig.json applies in this folder only. */
const temporary = mkdtempSync(join(root, '.dts/'));
process.on('exit', () => rmSync(temporary, { recursive: true }));

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
  sourcemap: true,
  external: ['@trpc/*'],
  logLevel: 'warning',
});

// The types of the API, written out, and the proof that they are the types of the router.
writeFileSync(join(temporary, 'api.ts'), apiTypes(operationsOf(appRouter)));
writeFileSync(join(temporary, 'types.ts'), "export * from '../../src/types.ts';\n");
copyFileSync(join(root, 'build/same-types.txt'), join(temporary, 'same-types.ts'));

const declarations = join(temporary, 'declarations');
writeFileSync(
  join(temporary, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.build.json',
    compilerOptions: { outDir: declarations },
    files: [...entries.map((entry) => `../../src/${entry}.ts`), 'same-types.ts'],
  }),
);
const tsc = join(root, 'node_modules/.bin/tsc');
const { status } = spawnSync(tsc, ['-p', temporary], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
copyFileSync(join(temporary, 'api.ts'), join(declarations, 'sdk/src/api.d.ts'));
writeFileSync(
  join(declarations, 'sdk/src/contract.d.ts'),
  "export type { AppRouter, Job, Problem, ProblemField } from './api.ts';\n",
);

/** The declarations of what another package of the workspace exports. */
const exported = { '@tenon/core/chain': 'core/src/activity/check-chain.d.ts' };
const workspace = {
  name: 'workspace',
  resolveId: (id) => (id in exported ? join(declarations, exported[id]) : null),
};
/** The types of tRPC name `Disposable`, which the library of ES2022 does not have. */
const reference = '/// <reference lib="esnext.disposable" />\n';
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
for (const { fileName, imports } of output)
  if (imports.some((id) => id.startsWith('@trpc/')))
    writeFileSync(join(dist, fileName), reference + readFileSync(join(dist, fileName), 'utf8'));
const own = new Set(output.map(({ fileName }) => fileName));
const foreign = output.flatMap(({ imports }) => imports).filter((id) => !own.has(id) && !id.startsWith('@trpc/'));
if (foreign.length > 0) throw new Error(`The types import ${foreign.join(', ')}: users of the package do not have it.`);
