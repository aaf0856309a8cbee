import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import type { visit } from '../testing/consumer.ts';
import { registerOwner } from '../testing/people.ts';
import { present } from '../testing/world.ts';
import { createTenon } from './index.ts';

const root = join(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
const binaries = join(root, '../../node_modules/.bin');
const folder = mkdtempSync(join(tmpdir(), 'tenon-package-'));
const tarball = join(folder, 'tenon-sdk.tgz');

/** Returns what a program printed. @throws with that output when the program fails */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, PATH: binaries + delimiter + process.env['PATH'], CI: 'true' };
  try {
    return (await promisify(execFile)(program, args, { cwd, env })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** The folder in which the workspace has installed a package, so that projects need no network. */
const installed = (path: string): string => realpathSync(join(root, 'node_modules', path));

const write = (path: string, value: object) => writeFileSync(path, JSON.stringify(value));

/** An empty project with the tarball in it. */
async function newProject(name: string, compilerOptions: object): Promise<string> {
  const project = join(folder, name);
  mkdirSync(project);
  write(join(project, 'package.json'), {
    type: 'module',
    private: true,
    dependencies: { '@tenon/sdk': `file:${tarball}` },
  });
  const overrides = {
    '@trpc/client': `link:${installed('@trpc/client')}`,
    '@trpc/server': `link:${installed('@trpc/server')}`,
  };
  write(join(project, 'pnpm-workspace.yaml'), { overrides });
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: [],
    target: 'esnext',
  };
  write(join(project, 'tsconfig.json'), { compilerOptions: { ...strict, ...compilerOptions }, files: ['consumer.ts'] });
  cpSync(join(root, 'testing/consumer.ts'), join(project, 'consumer.ts'));
  await run('pnpm', ['install', '--offline', '--ignore-scripts'], project);
  return project;
}

beforeAll(async () => {
  await run('pnpm', ['pack', '--out', tarball], root);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  let unpacked: string;
  beforeAll(async () => {
    await run('tar', ['-xzf', tarball, '-C', folder], folder);
    unpacked = join(folder, 'package');
  });

  test('contains the built files and what a registry shows', async () => {
    const files = (await run('tar', ['-tzf', tarball], folder)).trim().split('\n').toSorted();
    const names = Object.keys(exports).map((path) => (path === '.' ? 'index' : path.slice(2)));
    const entries = names.toSorted().flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
    // What the entries share.
    const own = files.filter((file) => !/\/shared-[\w-]+\.(d\.ts|js)$/.test(file));
    expect(own).toEqual(['LICENSE', 'README.md', ...entries, 'package.json'].map((file) => `package/${file}`));
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      type: 'module',
      license: 'MIT',
      sideEffects: false,
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './audit': { types: './dist/audit.d.ts', default: './dist/audit.js' },
        './webhooks': { types: './dist/webhooks.d.ts', default: './dist/webhooks.js' },
        './events': { types: './dist/events.d.ts', default: './dist/events.js' },
      },
    });
    expect(Object.keys(manifest.dependencies)).toEqual(['@trpc/client', '@trpc/server']);
    expect(JSON.stringify(manifest.dependencies)).not.toMatch(/catalog|workspace/);
  });

  test('has types that import tRPC and nothing else', () => {
    const types = readFileSync(join(unpacked, 'dist/index.d.ts'), 'utf8');
    const specifiers = [...types.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(.+?)\1/g)].map(
      (match) => match[2],
    );
    expect(new Set(specifiers)).toEqual(new Set(['@trpc/server', '@trpc/client']));
    expect(types).not.toMatch(/\/\/\/\s*<reference/);
    expect(types).not.toMatch(/\b(?:Zod|MikroORM|Fastify|Kysely|ServiceContext)/);
  });

  test('imports tRPC and nothing else', () => {
    const script = readFileSync(join(unpacked, 'dist/index.js'), 'utf8');
    const specifiers = [...script.matchAll(/^\s*(?:import|export)\b.*?\bfrom "(.+?)"|^\} from "(.+?)"/gm)].map(
      (match) => match[1] ?? match[2],
    );
    const others = specifiers.filter((specifier) => !specifier?.startsWith('./shared-'));
    expect(new Set(others)).toEqual(new Set(['@trpc/client', '@trpc/server/observable']));
  });

  test('checks audit trails without importing anything', () => {
    for (const file of ['audit.js', 'audit.d.ts'])
      expect(readFileSync(join(unpacked, 'dist', file), 'utf8')).not.toMatch(
        /\b(?:from\s*['"]|import\s*[('"]|require)/,
      );
  });

  test('is well made, say publint and arethetypeswrong', async () => {
    const { messages } = await publint({ pkgDir: unpacked, pack: false, strict: true });
    expect(messages).toEqual([]);
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
    expect(analysis.types).not.toBe(false);
    if (!('problems' in analysis)) return;
    // It is ESM only: require() gives the same as import, and tools that do not know "exports" cannot use it.
    const expected = new Set(['CJSResolvesToESM', 'NoResolution']);
    const unexpected = analysis.problems.filter(
      (problem) =>
        !expected.has(problem.kind) || ('resolutionKind' in problem && /esm|bundler/.test(problem.resolutionKind)),
    );
    expect(unexpected).toEqual([]);
  });

  test('weighs less than 20 kB in a browser, tRPC included', async () => {
    const { outputFiles } = await build({
      stdin: { contents: `export { createTenon } from './dist/index.js'`, resolveDir: unpacked },
      nodePaths: [join(root, 'node_modules')],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    });
    const size = gzipSync(present(outputFiles[0]).contents, { level: 9 }).length;
    expect(size).toBeGreaterThan(5_000);
    expect(size).toBeLessThan(20_000);
  });
});

describe('a project that installs it', () => {
  const projects = {
    nodenext: { module: 'nodenext' },
    bundler: { module: 'esnext', moduleResolution: 'bundler' },
  };
  const compilers = ['typescript/bin/tsc', '@typescript/typescript6/bin/tsc6'];

  test.each(Object.entries(projects))(
    'is typed, and served, with %s',
    async (name, compilerOptions) => {
      const project = await newProject(name, compilerOptions);
      for (const compiler of compilers) await run(process.execPath, [installed(compiler), '-p', '.'], project);

      const directory = temporaryDirectory();
      const server = await startServer({ DATA_DIR: directory.path });
      try {
        const { login, password } = await registerOwner(createTenon({ baseUrl: server.url }));
        const args = [server.url, login, password].map((text) => JSON.stringify(text)).join(', ');
        const script = `import { visit } from './consumer.ts'; console.log(JSON.stringify(await visit(${args})));`;
        const program = join(project, 'main.mjs');
        writeFileSync(program, script);
        if (name === 'bundler')
          await build({
            entryPoints: [program],
            outfile: program,
            allowOverwrite: true,
            bundle: true,
            format: 'esm',
            platform: 'browser',
          });
        const seen: Awaited<ReturnType<typeof visit>> = JSON.parse(await run(process.execPath, [program], project));
        expect(seen).toEqual({
          email: login,
          version: 2,
          titles: ['Consume'],
          status: 404,
          code: 'task_not_found',
        });
      } finally {
        await server.kill('SIGKILL');
        directory.remove();
      }
    },
    120_000,
  );
});
