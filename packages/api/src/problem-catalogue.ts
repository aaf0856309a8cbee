import { errorDefinitions, type Explanation } from '@tenon/core';
import { appRouter } from './app-router.ts';
import { kinds, transportDefinitions } from './errors.ts';
import { problemsOf } from './operation.ts';
import { operationsOf } from './operations.ts';
import { titleOf } from './problem.ts';
import { restPrefix } from './rest/answer.ts';

/** A code that problems have, and what its page says about it. */
export interface CataloguedProblem extends Explanation {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  /** The usual `detail`. */
  readonly message: string;
  /** The operations that declare it. */
  readonly operations: readonly { readonly name: string; readonly method: string; readonly path: string }[];
}

/** Lists every problem that the server may answer, in the order of the codes. */
export function problemCatalogue(): CataloguedProblem[] {
  const operations = Array.from(operationsOf(appRouter), ([name, operation]) => ({
    name,
    method: operation.method,
    path: restPrefix + operation.path,
    codes: new Set(problemsOf(operation).map(({ code }) => code)),
  }));
  return Object.entries({ ...transportDefinitions, ...Object.fromEntries(errorDefinitions) })
    .map(([code, { kind, message, cause, remedy }]) => ({
      code,
      title: titleOf(code),
      status: kinds[kind].status,
      message,
      cause,
      remedy,
      operations: operations
        .filter(({ codes }) => codes.has(code))
        .map(({ name, method, path }) => ({ name, method, path })),
    }))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}
