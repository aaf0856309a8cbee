/**
 * `npm run clients` shows that the OpenAPI document is good for clients in TypeScript. It generates six of them, compiles each under
 * `strict`, and walks through the product with one of them against a server of its own. It fails when a generator or the compiler finds a
 * fault, and when the walk needs a cast. The first run installs the generators, which nothing else needs. `-- kubb walk` runs some of it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { startServer, temporaryDirectory } from '../../e2e/support/server.ts';
import { castsIn } from './casts.ts';
import { walk } from './walk.ts';

const folder = join(import.meta.dirname, '..');
const generated = join(folder, 'generated');
const document = '../packages/api/openapi.json';

/** The command that generates each client into `generated/<name>`. It runs in the folder of this package. */
const generators: Record<string, readonly string[]> = {
  'openapi-typescript': [
    'openapi-typescript',
    document,
    '--output=generated/openapi-typescript/schema.ts',
    '--default-non-nullable=false',
  ],
  'hey-api': ['openapi-ts', '--input', document, '--output', 'generated/hey-api', '--client', '@hey-api/client-fetch'],
  orval: ['orval', '--config', 'orval.config.ts', '--project', 'orval'],
  'orval-zod': ['orval', '--config', 'orval.config.ts', '--project', 'orval-zod'],
  kubb: ['kubb', 'generate', '--config', 'kubb.config.ts'],
  'swagger-typescript-api': [
    'swagger-typescript-api',
    'generate',
    '--path',
    document,
    '--output',
    'generated/swagger-typescript-api',
  ],
};

/** On the two cores of a small machine, a third process at a time would only slow the others down. */
const concurrency = 2;

/** Runs a command of this package or of the root. @throws its output when it fails */
async function run([command = '', ...args]: readonly string[]): Promise<void> {
  // The compiler of the root comes first. It is the faster one.
  const path = ['../node_modules/.bin', 'node_modules/.bin'].map((binaries) => join(folder, binaries));
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, PATH: [...path, process.env['PATH']].join(delimiter), DO_NOT_TRACK: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${command} ended with ${code}.\n${output}`);
}

async function generateAndCompile(name: string, command: readonly string[]): Promise<void> {
  const target = join(generated, name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  await run(command);
  const project = { extends: '../../tsconfig.generated.json', include: ['.'] };
  writeFileSync(join(target, 'tsconfig.json'), JSON.stringify(project));
  await run(['tsc', '--project', target]);
}

async function walkThrough(): Promise<void> {
  const casts = castsIn(readFileSync(join(import.meta.dirname, 'walk.ts'), 'utf8'));
  if (casts.length > 0) throw new Error(`The walk must not silence the compiler: ${casts.join(', ')}`);
  await run(['tsc', '--project', folder]);
  const data = temporaryDirectory();
  const server = await startServer({ DATA_DIR: data.path });
  try {
    await walk(server.url);
  } finally {
    await server.kill('SIGTERM');
    data.remove();
  }
}

let passed = 0;
let failed = 0;

/** Runs one of the tests and prints how it went. */
async function attempt(name: string, test: () => Promise<void>): Promise<void> {
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  try {
    await test();
    passed += 1;
    console.log(`ok ${name} ${seconds()}s`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name} ${seconds()}s`, error);
  }
}

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);

const queue = Object.entries(generators).filter(([name]) => isWanted(name));
async function worker(): Promise<void> {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [name, command] = next;
    await attempt(name, () => generateAndCompile(name, command));
  }
}
await Promise.all(Array.from({ length: concurrency }, worker));
if (isWanted('walk')) await attempt('walk', walkThrough);

const results = join(folder, '../test-results');
mkdirSync(results, { recursive: true });
writeFileSync(join(results, 'clients.json'), JSON.stringify({ passed, failed }));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
