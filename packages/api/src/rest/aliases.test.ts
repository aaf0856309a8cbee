import { expect, test } from 'vitest';
import { rewriteUrl } from './aliases.ts';

test.each([
  ['/api/items/7?x=1', '/api/v1/tasks/7?x=1'],
  ['/api/v1/items', '/api/v1/tasks'],
  ['/api/v1/analytics/items?team=none', '/api/v1/analytics/tasks?team=none'],
  ['/api/analytics/items', '/api/v1/analytics/tasks'],
  ['/api/v1/analytics/itemsets', '/api/v1/analytics/itemsets'],
  ['/api/v1/tags/items', '/api/v1/tags/items'],
  ['/trpc/items', '/trpc/items'],
])('%s is served as %s', (url, served) => {
  expect(rewriteUrl({ url })).toBe(served);
});
