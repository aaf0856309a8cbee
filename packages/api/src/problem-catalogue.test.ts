import { errorDefinitions } from '@tenon/core';
import { expect, test } from 'vitest';
import { appRouter } from './app-router.ts';
import { transportDefinitions, transportErrors } from './errors.ts';
import { problemsOf } from './operation.ts';
import { operationsOf } from './operations.ts';
import { problemCatalogue } from './problem-catalogue.ts';

const catalogue = new Map(problemCatalogue().map((problem) => [problem.code, problem]));
const operations = operationsOf(appRouter);

test('every code that an operation or a transport answers has a page', () => {
  const declared = [...operations.values()].flatMap(problemsOf).map(({ code }) => code);
  const ofTransports = Object.values(transportErrors).map((make) => make(1).problem);
  const codes = [...declared, ...ofTransports, ...errorDefinitions.keys(), ...Object.keys(transportDefinitions)];
  expect(codes.filter((code) => !catalogue.has(code))).toEqual([]);
  expect(catalogue.size).toBe(new Set(codes).size);
});

test('a page names the status and the operations that the document has', () => {
  expect(catalogue.get('version_conflict')).toMatchObject({ title: 'Version conflict', status: 412 });
  const { operations: answering = [] } = catalogue.get('tag_merged_into_itself') ?? {};
  expect(answering).toEqual([{ name: 'tags.merge', method: 'POST', path: '/api/v1/tags/{id}/merge' }]);
  for (const [name, operation] of operations)
    for (const { code, status } of problemsOf(operation)) {
      expect([code, catalogue.get(code)?.status]).toEqual([code, status]);
      expect(catalogue.get(code)?.operations.map((one) => one.name)).toContain(name);
    }
});

const paths = new Set([...operations.values()].map(({ method, path }) => `${method} /api/v1${path}`));

test.each([...catalogue.values()])(
  '$code: its cause and its remedy are sentences, and the paths in them exist',
  (problem) => {
    const { cause, remedy } = problem;
    for (const text of [cause, remedy]) {
      expect(text).toMatch(/^[A-Z`].*\.$/);
      expect((text.match(/`/g) ?? []).length % 2).toBe(0);
      for (const [, named = ''] of text.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) \/api\/v1[^`]*)`/g))
        expect([...paths]).toContain(named);
    }
  },
);
