import { defineConfig } from 'vitest/config';

/** They mock modules, which files in one process would share. */
const isolated = '**/*.isolated.test.ts';

/** Each worker loads the code once for all of its files: on two cores that takes a fifth off the whole. */
const project = (name: string, root: string, folder: string) => ({
  extends: true as const,
  test: { name, root, include: [`${folder}/**/*.test.ts`], exclude: [isolated], isolate: false },
});

/** The tests of the walls and of the roles behind them, which also run on the oldest PostgreSQL that is supported. */
const onPostgres15 = ['policies', 'postgresql-engine', 'visibility'];

const covered = ['core', 'api', 'sdk'].map((name) => `packages/${name}/src/**/*.ts`);

export default defineConfig({
  test: {
    projects: [
      project('core', 'packages/core', 'src'),
      project('api', 'packages/api', 'src'),
      project('sdk', 'packages/sdk', 'src'),
      project('server', 'apps/server', 'src'),
      project('e2e', '.', 'e2e'),
      project('scripts', '.', 'scripts'),
      {
        extends: true as const,
        test: {
          ...project('postgresql-15', '.', 'packages/core/src').test,
          include: onPostgres15.map((name) => `packages/core/src/database/${name}.test.ts`),
          globalSetup: ['packages/core/src/testing/global-setup-15.ts'],
          env: { TENON_TEST_POSTGRES_MAJOR: '15' },
        },
      },
      {
        extends: true as const,
        test: { name: 'isolated', include: [`packages/${isolated}`], exclude: ['**/node_modules/**'] },
      },
    ],
    globalSetup: ['packages/core/src/testing/global-setup.ts'],
    pool: 'forks',
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    coverage: {
      provider: 'v8',
      include: ['**/packages/*/src/**/*.ts'],
      exclude: ['**/*.{test,samples}.ts', '**/testing/**', '**/migrations/**'],
      reporter: ['text-summary', 'html', 'json-summary'],
      thresholds: Object.fromEntries(covered.map((files) => [files, { lines: 90 }])),
    },
  },
});
