import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases, type Case, casesWhere, scenes } from './testing/cases.ts';
import { changedTables } from './testing/compare.ts';
import { inputsAround } from './testing/arbitraries.ts';
import { type Field, fieldsOf, takes } from './testing/fields.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { type Fields, type Reply, type Surface, surfacesOf } from './testing/wire.ts';
import { type WrongValue, wrongValuesOf, wrongWritingOf } from './testing/wrong-values.ts';

const runs = 12;

/** Expects a refusal with an error that points at the field or into it. */
function expectRefused({ status, problem, text }: Reply, path: string, what: string): void {
  expect({ status, code: problem?.code }, `${what}: ${text}`).toEqual({ status: 400, code: 'validation_failed' });
  const paths = problem?.errors?.map((error) => error.path) ?? [];
  expect(
    paths.filter((it) => it === path || it.startsWith(`${path}/`)),
    `${what} should be refused at ${path}, not ${paths.join(', ')}`,
  ).not.toEqual([]);
}

/** Expects that the input was either accepted, or refused with the wrong fields. */
function expectAnswered({ status, problem, text }: Reply, what: string): void {
  expect(status, `${what}: ${text}`).toBeLessThan(500);
  if (status !== 400) return;
  expect(problem?.errors?.length, `${what}: ${text}`).toBeGreaterThan(0);
  for (const { path } of problem?.errors ?? []) expect(path).toMatch(/^\/(body|query|path|header)(\/|$)/);
}

/** Paths, queries and forms are text, so only wrong texts can be sent there. A path must also be valid UTF-8. */
function canSend({ operation }: Case, surface: Surface, { name }: Field, [, value]: WrongValue): boolean {
  const writesText = operation.kind === 'form' || !operation.hasBody || operation.parameters.has(name);
  if (surface === 'trpc' || !writesText) return true;
  if (operation.parameters.has(name)) return typeof value === 'string' && value !== '' && value.isWellFormed();
  return (
    [value].flat().every((item) => typeof item === 'string') && ![value].flat().includes('') && String(value) !== ''
  );
}

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  const send = (surface: Surface, { name }: Case, input: Fields) => scene.callAs(owner, surface, name, input);

  it.each(cases.map((one) => [one.name, one] as const))(
    '%s names the wrong field, and does nothing',
    async (_name, one) => {
      const { operation } = one;
      const input = await one.input(owner, scene);
      const before = await scene.fingerprints();
      for (const surface of surfacesOf(one.operation)) {
        for (const field of fieldsOf(operation)) {
          const path = operation.pointerOf([field.name]);
          const writing = wrongWritingOf((value) => takes(operation, field.name, value));
          for (const wrong of [...wrongValuesOf(field.schema), ...writing])
            if (canSend(one, surface, field, wrong)) {
              const reply = await send(surface, one, { ...input, [field.name]: wrong[1] });
              expectRefused(reply, path, `${surface} ${field.name}, ${wrong[0]}`);
            }
          if (!field.required || (surface === 'rest' && operation.parameters.has(field.name))) continue;
          const { [field.name]: _missing, ...others } = input;
          expectRefused(await send(surface, one, others), path, `${surface} without ${field.name}`);
        }
        if (operation.ignoresUnknown) continue;
        const [first, second] = ['thereIsNoSuchField', 'norThis'];
        const { problem } = await send(surface, one, { ...input, [first]: '1', [second]: '1' });
        expect(problem?.errors).toEqual(
          [first, second].map((name) => ({
            path: operation.pointerOf([name]),
            code: 'unrecognized_keys',
            message: 'There is no such field.',
          })),
        );
      }
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    },
  );

  it.each(cases.map((one) => [one.name, one] as const))(
    '%s refuses wrong parameters in its URL',
    async (_name, one) => {
      const { operation } = one;
      const input = await one.input(owner, scene);
      const headers = {
        authorization: `Bearer ${scene.tokenOf(owner, operation)}`,
        ...(operation.parameters.has('organizationId') ? {} : { 'x-organization-id': owner.organization.id }),
      };
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(input[name]));
      const scalars = operation.hasBody
        ? []
        : fieldsOf(operation).filter(
            ({ name, schema }) => !operation.parameters.has(name) && schema['type'] !== 'array',
          );
      const unknown: [query: string, at: string][] = [
        ['thereIsNoSuchField=1', '/query/thereIsNoSuchField'],
        ['__proto__=1', '/query/__proto__'],
        ['a=%FF', '/query/a'],
        ...[...operation.parameters].map((name): [string, string] => [`${name}=1`, `/query/${name}`]),
      ];
      const queries: [query: string, at: string][] = [
        ...(operation.ignoresUnknown ? [] : unknown),
        ...scalars.map(({ name }): [string, string] => [`${name}=1&${name}=2`, `/query/${name}`]),
      ];
      const before = await scene.fingerprints();
      for (const [query, at] of queries) {
        const { statusCode: status, body } = await scene.app.inject({
          method: operation.method,
          url: `/api/v1${path}?${query}`,
          headers,
        });
        const problem = JSON.parse(body) as Reply['problem'];
        expectRefused({ status, problem, text: body, headers: {}, data: null }, at, query);
      }
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    },
  );

  it.each(casesWhere(({ ignoresUnknown }) => ignoresUnknown))('%s ignores unknown fields', async (_name, one) => {
    const { operation } = one;
    const unknown = { thereIsNoSuchField: '1', ['__proto__']: '1', '\ud800': 'a\u0000b' };
    const known = Object.keys(operation.input.shape);
    const input = await one.input(owner, scene);
    const empty = Object.fromEntries(known.filter((name) => !(name in input)).map((name) => [name, '']));
    expect((await send('rest', one, { ...input, ...empty, ...unknown })).status).toBe(operation.status);
  });

  it.each(cases.map((one) => [one.name, one] as const))('%s answers whatever it is sent', async (_name, one) => {
    const good = await one.input(owner, scene);
    const inputs = inputsAround(fieldsOf(one.operation), good);
    for (const surface of surfacesOf(one.operation))
      await fc.assert(
        fc.asyncProperty(inputs, async (input) => {
          const reply = await send(surface, one, input);
          // With an empty parameter it is another path.
          if (surface === 'rest' && [...one.operation.parameters].some((name) => input[name] === '')) return;
          expectAnswered(reply, `${surface} ${JSON.stringify(input)}`);
        }),
        { numRuns: runs },
      );
  });
});
