import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import config, { contexts, rooms } from '../.dependency-cruiser.mjs';
import { checkBoundaries } from './boundaries.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

/** A folder shaped like this repository: every context has its index, and the packages see each other as pnpm links them. */
function workspace(files: Record<string, string>) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tenon-boundaries-')));
  roots.push(root);
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const dependency = (name: string) => {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, '');
  };
  for (const folder of ['packages/core', 'packages/api', 'packages/sdk', 'apps/server', 'apps/worker']) {
    const name = `@tenon/${folder.split('/')[1]}`;
    write(
      `${folder}/package.json`,
      JSON.stringify({
        name,
        type: 'module',
        exports: { '.': './src/index.ts' },
        devDependencies: { 'a-dev-tool': '1' },
      }),
    );
    write(`${folder}/src/index.ts`, 'export const name = 1; export type Name = number;');
    mkdirSync(join(root, 'node_modules/@tenon'), { recursive: true });
    symlinkSync(join(root, folder), join(root, 'node_modules', name));
  }
  for (const context of contexts) write(`packages/core/src/${context}/index.ts`, `export const ${context} = 1;`);
  dependency('fastify');
  dependency('a-dev-tool');
  for (const [file, text] of Object.entries(files)) write(file, text);
  return root;
}

const tenancy = 'packages/core/src/tenancy';

/** Rule → files that break it, and the one import that must be reported. */
const violations: Record<string, { files: Record<string, string>; from: string }> = {
  'core-imports-no-other-workspace': breach('packages/core/src/work/tasks.ts', '@tenon/api'),
  'core-knows-no-transport': breach('packages/core/src/work/tasks.ts', 'fastify'),
  'api-imports-only-core': breach('packages/api/src/router.ts', '@tenon/server'),
  'apps-are-imported-by-nobody': breach('apps/server/src/cli.ts', '@tenon/worker'),
  'sdk-imports-only-types-of-api': breach('packages/sdk/src/client.ts', '@tenon/api'),
  'sdk-imports-nothing-of-core': breach('packages/sdk/src/client.ts', '@tenon/core'),
  'what-the-sdk-shares-imports-no-more-than-it-needs': breach(
    'packages/core/src/activity/check-chain.ts',
    '../kernel/index.ts',
  ),
  'sdk-runs-in-browsers': breach('packages/sdk/src/client.ts', 'node:fs'),
  'packages-are-entered-through-their-exports': breach('packages/api/src/router.ts', '../../core/src/kernel/index.ts'),
  'access-imports-only-kernel': breach('packages/core/src/access/decide.ts', '../database/index.ts'),
  'contexts-are-entered-through-their-index': breach('packages/core/src/work/tasks.ts', '../tenancy/roles.ts', {
    'packages/core/src/tenancy/roles.ts': 'export const name = 1;',
  }),
  'every-room-of-tenancy-has-its-layer': breach(`${tenancy}/auth/auth.ts`, '../rooms/room.ts', {
    [`${tenancy}/rooms/room.ts`]: 'export const name = 1;',
  }),
  'what-all-rooms-share-imports-none': breach(`${tenancy}/tenancy.errors.ts`, './roles/role.ts', {
    [`${tenancy}/roles/role.ts`]: 'export const name = 1;',
  }),
  'contexts-know-no-platform': breach('packages/core/src/work/tasks.ts', '../platform.ts', {
    'packages/core/src/platform.ts': 'export const name = 1;',
  }),
  'identity-door-is-for-identity-tenancy-and-the-api-log': breach(
    'packages/core/src/work/tasks.ts',
    '../database/identity-door.ts',
    {
      'packages/core/src/database/identity-door.ts': 'export const name = 1;',
    },
  ),
  'system-door-is-for-loops-over-organizations': breach(
    'packages/core/src/work/tasks.ts',
    '../database/system-door.ts',
    {
      'packages/core/src/database/system-door.ts': 'export const name = 1;',
    },
  ),
  'migrations-are-for-database': breach('packages/core/src/platform.ts', './database/migrations/list.ts', {
    'packages/core/src/database/migrations/list.ts': 'export const name = 1;',
  }),
  'production-imports-no-test-code': breach('packages/core/src/work/tasks.ts', '../testing/index.ts', {
    'packages/core/src/testing/index.ts': 'export const name = 1;',
  }),
  'production-imports-no-dev-dependency': breach('packages/core/src/work/tasks.ts', 'a-dev-tool'),
  'no-circle': breach('packages/core/src/work/tags.ts', './tasks.ts', {
    'packages/core/src/work/tasks.ts': "import type { used } from './tags.ts'; export const name: typeof used = 1;",
  }),
  'imports-resolve': breach('packages/core/src/work/tasks.ts', './missing.ts'),
};
for (const [index, room] of rooms.slice(0, -1).entries())
  violations[`${room}-imports-only-earlier-rooms`] = breach(
    `${tenancy}/${room}/file.ts`,
    `../${rooms[index + 1]}/file.ts`,
    {
      [`${tenancy}/${rooms[index + 1]}/file.ts`]: 'export const name = 1;',
    },
  );
for (const [index, context] of contexts.slice(0, -1).entries())
  violations[`${context}-imports-only-earlier-contexts`] = breach(
    `packages/core/src/${context}/file.ts`,
    `../${contexts[index + 1]}/index.ts`,
  );

function breach(from: string, specifier: string, others: Record<string, string> = {}) {
  return { from, files: { ...others, [from]: `import { name } from '${specifier}'; export const used = name;` } };
}

test('every rule has a breach here that proves it fires', () => {
  expect(new Set(Object.keys(violations))).toEqual(new Set(config.forbidden.map((rule) => rule.name)));
});

test.each(Object.entries(violations))('%s fires', async (rule, { files, from }) => {
  const found = await checkBoundaries(workspace(files));
  expect(found.unseen).toEqual([]);
  expect(found.violations).toContainEqual(expect.objectContaining({ rule, from }));
});

test('what the design allows passes', async () => {
  const root = workspace({
    'packages/core/src/database/identity-door.ts': 'export const door = 1;',
    'packages/core/src/database/system-door.ts': 'export const door = 1;',
    'packages/core/src/database/migrations/list.ts': 'export const list = 1;',
    'packages/core/src/database/migrate.ts': "export { list } from './migrations/list.ts';",
    'packages/core/src/identity/login.ts': "export { door } from '../database/identity-door.ts';",
    'packages/core/src/jobs/claim.ts': "export { door } from '../database/system-door.ts';",
    'packages/core/src/work/tasks.ts':
      "import { tenancy } from '../tenancy/index.ts'; import type { Tag } from './tags.ts'; export const task: Tag = tenancy;",
    'packages/core/src/work/tags.ts': 'export type Tag = number;',
    'packages/core/src/work/tasks.test.ts': "import { testing } from '../testing/index.ts'; testing;",
    'packages/core/src/testing/index.ts': "import { task } from '../work/tasks.ts'; export const testing = task;",
    'packages/core/src/platform.ts':
      "export { task } from './work/tasks.ts'; export { door } from './database/system-door.ts';",
    'packages/api/src/router.ts': "export { name } from '@tenon/core';",
    'packages/sdk/src/client.ts': "import type { Name } from '@tenon/api'; export type Client = Name;",
    'apps/server/src/cli.ts': "import { name } from '@tenon/api'; import 'fastify'; name;",
  });
  expect(await checkBoundaries(root)).toMatchObject({ violations: [], unseen: [] });
});
