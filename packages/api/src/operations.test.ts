import { expect, test } from 'vitest';
import { appRouter } from './app-router.ts';
import { operationsOf } from './operations.ts';

test('an {id} in a path is the id of the resource that the operation is about', () => {
  const misnamed = [...operationsOf(appRouter)].flatMap(([operationId, { path }]) => {
    const [, segment] = /([a-z-]+)\/\{id\}/.exec(path) ?? [];
    const [context = ''] = operationId.split('.');
    const isOwn = segment === undefined || context.toLowerCase().endsWith(segment.replaceAll('-', ''));
    return isOwn ? [] : [`${operationId}: ${path} names one of the ${segment}. Call the parameter after them.`];
  });
  expect(misnamed).toEqual([]);
});
