import { defineConfig } from 'vitest/config';

const project = (name: string, root: string, folder: string) => ({
  extends: true as const,
  test: { name, root, include: [`${folder}/**/*.test.ts`] },
});

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
