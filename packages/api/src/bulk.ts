import { DomainError, type Refusal } from '@tenon/core';
import { z } from 'zod';
import type { Problem } from './problem.ts';
import { ProblemSchema } from './problem-schema.ts';

/** A row of a bulk as core answers it. The other fields are shown as they are. */
export interface Outcome {
  readonly refusal: Refusal | null;
}

/**
 * The answer of a bulk.
 * @param name in the document
 * @param shown what it shows of a row that was not refused
 */
export const bulkAnswer = <const Shown extends z.core.$ZodLooseShape>(name: string, shown: Shown) =>
  z
    .object({
      data: z
        .array(
          z.object({
            index: z.int().describe('The position in the request.'),
            id: z.uuid().nullable().describe('Null when it was to be created, and was refused.'),
            status: z.int().describe('The HTTP status that a call for it alone would have.'),
            ...shown,
            problem: ProblemSchema.nullable().describe('Why it was refused.'),
          }),
        )
        .describe('One entry for each, in the order of the request.'),
      succeeded: z.int().describe('How many rows were written.'),
      failed: z.int().describe('How many rows were refused.'),
    })
    .meta({ id: name });

/** Shows the outcomes of a bulk, with the problem of each refused row. */
export function showOutcomes(
  outcomes: readonly Outcome[],
  status: number,
  problemOf: (error: DomainError) => Problem,
): { data: object[]; succeeded: number; failed: number } {
  const data = outcomes.map(({ refusal, ...row }) => {
    if (!refusal) return { ...row, status, problem: null };
    const { code, kind, message, details } = refusal;
    const problem = problemOf(new DomainError(code, kind, message, details));
    return { ...row, status: problem.status, problem };
  });
  const failed = outcomes.filter(({ refusal }) => refusal !== null).length;
  return { data, succeeded: data.length - failed, failed };
}
