import { defineConfig } from 'orval';

const input = '../packages/api/openapi.json';

export default defineConfig({
  orval: { input, output: { target: 'generated/orval/api.ts', client: 'fetch' } },
  'orval-zod': { input, output: { target: 'generated/orval-zod/api.ts', client: 'zod' } },
});
