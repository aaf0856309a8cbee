import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerOf, registerOwner } from './support/api.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const guide = readFileSync(join(root, 'docs/guides/audit.md'), 'utf8');
const data = temporaryDirectory();
// Scripts in the folder of a package can import the package by its name.
const below = mkdtempSync(join(root, 'packages/sdk/.readme-'));
let server: RunningTenon;

beforeAll(async () => {
  server = await startServer({ DATA_DIR: data.path });
});
afterAll(async () => {
  await server.kill('SIGTERM');
  data.remove();
  rmSync(below, { recursive: true });
});

it('the guide to the audit trail verifies it twice', async () => {
  const owner = callerOf(server.url, (await registerOwner(server.url)).token);
  const scopes = ['audit:read', 'audit:export', 'task:create'];
  const key = await owner.post<{ secret: string }>('/api-keys', { name: 'Auditor', scopes });
  await owner.post('/tasks', { title: 'Seal the door' });
  const code = /```ts audit\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
  const file = join(below, 'guide.ts');
  writeFileSync(file, code.replaceAll('http://localhost:8000', server.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: { ...process.env, TENON_API_KEY: key.secret },
  });
  expect(stdout).toBe('true null\ntrue true null\n');
});
