import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { problemsOf } from '../operation.ts';
import type { Examples } from '../rest/examples.ts';
import written from '../rest/examples.json' with { type: 'json' };
import { recordExamples, type RecordedExamples } from './testing/examples.ts';
import { operations } from './testing/scene.ts';

const writing = process.env['WRITE_EXAMPLES'] !== undefined;

/** Problems of these statuses are not provoked: the server makes no mistake and its database is not away. */
const unprovoked = [500, 503];

/*
 * When you mean a change: `WRITE_EXAMPLES=1 npm test -- packages/api/src/contract/examples.test.ts`, and then `npm run check -- openapi`.
 */
describe('the examples of the document, which WRITE_EXAMPLES=1 writes again,', () => {
  let recorded: RecordedExamples;
  let expected: Examples = written;
  beforeAll(async () => {
    recorded = await recordExamples();
    if (!writing) return;
    const { invalid: _, ...examples } = recorded;
    await writeFile(new URL('../rest/examples.json', import.meta.url), `${JSON.stringify(examples, null, 2)}\n`);
    expected = examples;
  });

  it.each([...operations.keys()])('show what %s is sent and answers', (name) => {
    expect(recorded.operations[name]).toEqual(expected.operations[name]);
  });

  it.each(Object.keys(written.problems))('show the problem %s as a server answers it', (code) => {
    expect(recorded.problems[code]).toEqual(expected.problems[code]);
  });

  it('show a dry run', () => {
    expect(recorded.dryRun).toMatchObject({ dryRun: true, events: [{ type: 'task.created' }] });
    expect(recorded.dryRun).toEqual(expected.dryRun);
  });

  it('are complete: every operation and problem that was recorded is written', () => {
    expect(Object.keys(expected.operations)).toEqual(Object.keys(recorded.operations));
    expect(Object.keys(expected.problems)).toEqual(Object.keys(recorded.problems));
  });

  it('are valid as the operations read and answer them', () => {
    expect(recorded.invalid).toEqual([]);
  });

  it('show a problem for each status that an operation declares', () => {
    const missing = [...operations].flatMap(([name, operation]) => {
      const problems = problemsOf(operation).filter(({ status }) => !unprovoked.includes(status));
      const shown = new Set(problems.filter(({ code }) => code in recorded.problems).map(({ status }) => status));
      return problems
        .filter(({ status }) => !shown.has(status))
        .map(({ status, code }) => `${name}: ${status} ${code}`);
    });
    expect(missing).toEqual([]);
  });

  it('say nothing that differs from run to run or looks like a secret', () => {
    const text = JSON.stringify(expected);
    expect(text).not.toMatch(/localhost|lightMyRequest|[Uu]ser[- ]\d/);
    expect(text).not.toMatch(/eyJ[\w-]{8}/);
  });
});
