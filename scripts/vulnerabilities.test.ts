import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const binaries = join(root, 'node_modules/.bin');

let registry: Server | undefined;
afterEach(() => registry?.close());

/** Starts a registry that gives the same answer to every question about vulnerabilities. */
async function registryAnswering(status: number, body: object): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  registry = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The registry has no port.');
  return `http://127.0.0.1:${address.port}/`;
}

async function check(url: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(join(binaries, 'node'), ['scripts/vulnerabilities.ts', '--registry', url], {
    cwd: root,
    env: { ...process.env, PATH: `${binaries}:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

const advisory = (id: number, severity: string) => ({
  id,
  severity,
  title: `Fault ${id}`,
  url: `https://example.com/${id}`,
  vulnerable_versions: '<9999',
  cwe: [],
  cvss: { score: 5, vectorString: null },
});

test.each([
  ['high', 1],
  ['critical', 1],
  ['moderate', 0],
  ['low', 0],
])('a vulnerability of severity %s in production makes the check exit with %i', async (severity, code) => {
  const result = await check(await registryAnswering(200, { fastify: [advisory(1, severity)] }));
  expect(result.output).toMatch(new RegExp(`^${severity}, production: fastify \\d\\S+: Fault 1 \\(https:`));
  expect(result.code).toBe(code);
});

test('a vulnerability of a development tool is only printed', async () => {
  const result = await check(await registryAnswering(200, { knip: [advisory(2, 'critical')] }));
  expect(result).toEqual({ code: 0, output: expect.stringContaining('critical, development only: knip') });
});

test('it says if there are no known vulnerabilities', async () => {
  expect(await check(await registryAnswering(200, {}))).toEqual({ code: 0, output: 'no known vulnerabilities\n' });
});

test('the check passes if the registry cannot be asked', async () => {
  const silent = 'not checked: the registry does not answer questions about vulnerabilities\n';
  expect(await check(await registryAnswering(405, {}))).toEqual({ code: 0, output: silent });
  expect(await check('http://127.0.0.1:9/')).toEqual({ code: 0, output: silent });
});
