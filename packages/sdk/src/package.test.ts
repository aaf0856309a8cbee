import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import ts from '@typescript/typescript6';
import { build } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import type { visit } from '../testing/consumer.ts';
import { type Person, registerOwner } from '../testing/people.ts';
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

/** The examples of the README as one program, because each continues those before it. @param marks of those that need more packages */
const readmeWith = (...marks: string[]): string =>
  Array.from(readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts( \w+)?\n([\s\S]*?)^```$/gm))
    .filter(([, mark]) => mark === undefined || marks.includes(mark.trim()))
    .map(([, , code]) => code)
    .join('\n');

/** Code of somebody who has installed the package, with names that only the published types have. */
const named = `
import { type CommonErrorCode, createTenon, type ErrorCodeOf, type Task, type TaskCreate, type TaskPage } from '@tenon/sdk';

export async function add(draft: TaskCreate): Promise<readonly Task[]> {
  const tenon = createTenon({ baseUrl: 'https://work.example.com' });
  const task: Task = await tenon.tasks.create(draft);
  const page: TaskPage = await tenon.tasks.list({ parent: [task.id] });
  return page.data;
}

export function remedyFor(code: ErrorCodeOf<'tasks.get'>): string {
  if (code === 'task_not_found') return 'Look into the trash.';
  const common: CommonErrorCode | ErrorCodeOf<'tags.get'> | 'project_not_found' = code as CommonErrorCode;
  return common;
}

// @ts-expect-error No call for a task is refused with this code.
export const wrong: ErrorCodeOf<'tasks.get'> = 'tag_name_taken';
`;

/** The same for TanStack Query. */
const tanStack = `
import { QueryClient } from '@tanstack/react-query';
import { type AppRouter, createTenon, type Task } from '@tenon/sdk';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';

export async function query(baseUrl: string, login: string, password: string): Promise<string[]> {
  const tenon = createTenon({ baseUrl });
  await tenon.auth.login({ login, password });
  await tenon.tasks.create({ title: 'Ask for the minutes' });
  const queryClient = new QueryClient();
  const trpc = createTRPCOptionsProxy({ client: tenon.trpc, queryClient });
  const same = createTRPCOptionsProxy<AppRouter>({ client: tenon.trpc, queryClient });
  const { data } = await queryClient.fetchQuery(trpc.tasks.list.queryOptions({ search: 'minutes' }));
  const tasks: readonly Task[] = data;
  await queryClient.invalidateQueries(same.tasks.list.queryFilter());
  return tasks.map(({ title }) => title);
}
`;

/** A new project for the sources. It is as strict as TypeScript can be. */
function newProject(name: string, compilerOptions: object, sources: Readonly<Record<string, string>>): string {
  const project = join(folder, name);
  mkdirSync(project);
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, types: [] };
  const files = Object.keys(sources);
  write(join(project, 'tsconfig.json'), { compilerOptions: { ...strict, ...compilerOptions }, files });
  for (const [file, source] of Object.entries(sources)) writeFileSync(join(project, file), source);
  return project;
}

/** Installs the tarball without a network. */
async function installOffline(project: string): Promise<void> {
  const dependencies = {
    '@tenon/sdk': `file:${tarball}`,
    '@trpc/client': `link:${installed('@trpc/client')}`,
    '@trpc/server': `link:${installed('@trpc/server')}`,
  };
  write(join(project, 'package.json'), { type: 'module', private: true, dependencies });
  writeFileSync(join(project, 'pnpm-workspace.yaml'), '{}');
  await run('pnpm', ['install', '--offline', '--ignore-scripts'], project);
}

/** Installs the tarball and other packages as people do. Returns false when there is no registry. */
async function installByNpm(project: string, names: readonly string[]): Promise<boolean> {
  write(join(project, 'package.json'), { type: 'module', private: true });
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=0'];
  try {
    await run('npm', ['install', ...options, tarball, ...names], project);
    return true;
  } catch (error) {
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|ENOTCACHED/.test(String(error))) return false;
    throw error;
  }
}

/** Returns what a compiler says about a project, for old and for new targets. */
async function complaintsAbout(project: string, compiler: string, ...options: string[]): Promise<string[]> {
  const said: string[] = [];
  for (const target of ['es2022', 'esnext'])
    await run(process.execPath, [installed(compiler), '-p', '.', '--target', target, ...options], project).catch(
      (error: Error) => said.push(...error.message.split('\n').slice(1)),
    );
  return said.filter((line) => /\S/.test(line));
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
    const entries = names.toSorted().flatMap((name) => ['d.ts', 'js', 'js.map'].map((type) => `dist/${name}.${type}`));
    // What the entries share.
    const own = files.filter((file) => !/\/shared-[\w-]+\.(d\.ts|js|js\.map)$/.test(file));
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
    expect(manifest.dependencies).toBeUndefined();
    expect(Object.keys(manifest.peerDependencies)).toEqual(['@trpc/client', '@trpc/server']);
    expect(JSON.stringify(manifest.peerDependencies)).not.toMatch(/catalog|workspace/);
  });

  test('describes every operation and field in its types', () => {
    const files = readdirSync(join(unpacked, 'dist')).filter((file) => file.endsWith('.d.ts'));
    const rootNames = files.map((file) => join(unpacked, 'dist', file));
    const program = ts.createProgram({ rootNames, options: { noResolve: true, noLib: true } });
    // Links each node to the one above it.
    const checker = program.getTypeChecker();
    const own = files.flatMap((file) => program.getSourceFile(join(unpacked, 'dist', file)) ?? []);
    expect(own).toHaveLength(files.length);
    const undescribed: string[] = [];
    let described = 0;
    // Types that only choose from others, and parameters, show no members to anybody.
    const isInternal = (node: ts.Node): boolean =>
      ts.isParameter(node) ||
      (ts.isTypeReferenceNode(node) &&
        /^(?:Extract|TRPCBuiltRouter)$/.test(node.typeName.getText(node.getSourceFile())));
    const visit = (node: ts.Node, within: string): void => {
      if (isInternal(node)) return;
      const isMember = ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isPropertyDeclaration(node);
      const name =
        'name' in node && node.name ? `${within}.${(node.name as ts.Node).getText(node.getSourceFile())}` : within;
      if (isMember && !/#|__/.test(name)) {
        const symbol = checker.getSymbolAtLocation(node.name);
        if ((symbol?.getDocumentationComment(checker).length ?? 0) > 0) described++;
        else undescribed.push(name);
      }
      ts.forEachChild(node, (child) => visit(child, name));
    };
    for (const source of own) visit(source, '');
    expect(undescribed).toEqual([]);
    expect(described).toBeGreaterThan(2_000);
  });

  test('has types that import tRPC and nothing else', () => {
    const files = readdirSync(join(unpacked, 'dist')).filter((file) => file.endsWith('.d.ts'));
    const types = files.map((file) => readFileSync(join(unpacked, 'dist', file), 'utf8')).join('\n');
    const specifiers = [...types.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(.+?)\1/g)].map(
      (match) => match[2],
    );
    const others = specifiers.filter((specifier) => !specifier?.startsWith('./'));
    expect(new Set(others)).toEqual(new Set(['@trpc/server', '@trpc/client']));
    // tRPC's own types need this part of the standard library, which targets before ES2025 do not have.
    expect(new Set(types.match(/\/\/\/\s*<reference.*/g))).toEqual(
      new Set(['/// <reference lib="esnext.disposable" />']),
    );
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

  test.each<[string, string, { external?: string[]; most: number }]>([
    [
      'createTenon without tRPC',
      `export { createTenon } from './dist/index.js'`,
      { external: ['@trpc/*'], most: 10_000 },
    ],
    // The README promises these two.
    ['all of it with tRPC', `export * from './dist/index.js'`, { most: 15_000 }],
    ['and with events', `export * from './dist/index.js'; export * from './dist/events.js'`, { most: 16_000 }],
  ])('weighs little in a browser, %s', async (_, contents, { external = [], most }) => {
    const { outputFiles } = await build({
      external,
      stdin: { contents, resolveDir: unpacked },
      nodePaths: [join(root, 'node_modules')],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    });
    const size = gzipSync(present(outputFiles[0]).contents, { level: 9 }).length;
    expect(size).toBeGreaterThan(5_000);
    expect(size).toBeLessThan(most);
  });
});

describe('a project that installs it', () => {
  const consumer = readFileSync(join(root, 'testing/consumer.ts'), 'utf8');
  let directory: ReturnType<typeof temporaryDirectory>;
  let server: RunningTenon;

  beforeAll(async () => {
    directory = temporaryDirectory();
    server = await startServer({ DATA_DIR: directory.path });
  }, 60_000);
  afterAll(async () => {
    await server?.kill('SIGKILL');
    directory.remove();
  });

  /** Writes a program that calls a function of the project with the address of the server and the login of a new owner. */
  async function programFor(project: string, name: string, file: string): Promise<{ program: string; owner: Person }> {
    const owner = await registerOwner(createTenon({ baseUrl: server.url }));
    const args = [server.url, owner.login, owner.password].map((text) => JSON.stringify(text)).join(', ');
    const program = join(project, 'main.mjs');
    writeFileSync(program, `import { ${name} } from './${file}'; console.log(JSON.stringify(await ${name}(${args})));`);
    return { program, owner };
  }

  /** Runs the examples of the README as a new owner. Returns what they print. */
  async function runReadme(project: string, ...marks: string[]): Promise<string[]> {
    const owner = await registerOwner(createTenon({ baseUrl: server.url }));
    const program = join(project, 'readme-main.ts');
    const code = readmeWith(...marks)
      .replaceAll('http://localhost:8000', server.url)
      .replace('ada@example.com', owner.login)
      .replace('correct horse battery', owner.password);
    writeFileSync(program, code);
    return (await run(process.execPath, [program], project)).trim().split('\n');
  }

  test.each(['nodenext', 'bundler'])(
    'is typed, and served, with %s',
    async (name) => {
      const isBundled = name === 'bundler';
      const compilerOptions = isBundled ? { module: 'esnext', moduleResolution: 'bundler' } : { module: 'nodenext' };
      const sources = { 'consumer.ts': consumer, 'named.ts': named, 'readme.ts': readmeWith() };
      const project = newProject(name, compilerOptions, sources);
      await installOffline(project);
      for (const compiler of ['typescript/bin/tsc', ...(isBundled ? ['@typescript/typescript6/bin/tsc6'] : [])])
        expect(await complaintsAbout(project, compiler)).toEqual([]);
      const { program, owner } = await programFor(project, 'visit', 'consumer.ts');
      if (isBundled)
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
        email: owner.login,
        version: 2,
        titles: ['Consume'],
        status: 404,
        code: 'task_not_found',
      });
      if (isBundled) return;
      expect(await runReadme(project)).toEqual([
        '1 Write the minutes done',
        'Write the minutes 1 1',
        '1',
        expect.stringMatching(/^version_conflict \S.* \S+$/),
        '1',
        '10 10',
        'agenda.txt 1. Minutes',
        '2 Somebody created the task Write the minutes',
        '3 Somebody moved Write the minutes from todo to done',
        'true 5 null',
      ]);
    },
    120_000,
  );

  test('uses it with TanStack Query, installed by name', async (context) => {
    const sources = {
      'consumer.ts': consumer,
      'named.ts': named,
      'tanstack.ts': tanStack,
      'readme.ts': readmeWith('tanstack'),
    };
    const project = newProject('tanstack', { module: 'nodenext' }, sources);
    if (!(await installByNpm(project, ['@trpc/tanstack-react-query', '@types/react'])))
      return context.skip('There is no registry here, so nothing can be installed by name.');
    const said = [
      ...(await complaintsAbout(project, 'typescript/bin/tsc')),
      ...(await complaintsAbout(project, 'typescript/bin/tsc', '--module', 'esnext', '--moduleResolution', 'bundler')),
    ];
    // The adapter asks for a version of tRPC whose own types need those of Node.js and of `ws`, and do not fit the latter.
    expect(said.filter((line) => !line.startsWith('node_modules/@trpc/server/'))).toEqual([]);
    const { program } = await programFor(project, 'query', 'tanstack.ts');
    expect(JSON.parse(await run(process.execPath, [program], project))).toEqual(['Ask for the minutes']);
    expect(await runReadme(project, 'tanstack')).toContain("[ 'Write the minutes' ]");
  }, 120_000);
});
