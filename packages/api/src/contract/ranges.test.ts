import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Operation } from '../operation.ts';
import { casesWhere, scenes } from './testing/cases.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import type { Fields } from './testing/wire.ts';

/*
 * The ranges of instants that lists take.
 */

/** What a list shows of each row. Null: the operation is no list. */
function itemOf({ type, output }: Operation): z.ZodObject | null {
  const { data } = output instanceof z.ZodObject ? output.shape : {};
  const item = data instanceof z.ZodArray ? data.element : null;
  const isList = type === 'query' && output instanceof z.ZodObject && 'nextCursor' in output.shape;
  return isList && item instanceof z.ZodObject ? item : null;
}

const stampsOf = (operation: Operation) =>
  ['created', 'updated'].filter((stamp) => `${stamp}At` in (itemOf(operation)?.shape ?? {}));

const lists = casesWhere((operation) => stampsOf(operation).length > 0);

it.each(lists)('%s takes the ranges that its rows have', (_name, { operation }) => {
  const ends = stampsOf(operation).flatMap((stamp) => [`${stamp}After`, `${stamp}Before`]);
  expect(Object.keys(operation.input.shape)).toEqual(expect.arrayContaining(ends));
});

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  /** Reads rows with the path of a sample alone: its filters are not what is tested here. */
  const rowsOf = async (name: string, path: Fields, range: Fields = {}): Promise<Fields[]> => {
    const { data, problem } = await scene.callAs(owner, 'rest', name, { ...path, limit: 100, ...range });
    expect(problem).toBeNull();
    return (data as { data: Fields[] }).data;
  };

  it.each(lists)('%s is narrowed to a range, with both ends', async (name, one) => {
    const input = await one.input(owner, scene);
    const path = Object.fromEntries([...one.operation.parameters].map((parameter) => [parameter, input[parameter]]));
    const [row] = await rowsOf(name, path);
    expect(row).toBeDefined();
    for (const stamp of stampsOf(one.operation)) {
      const [after, before] = [`${stamp}After`, `${stamp}Before`];
      const at = String(row?.[`${stamp}At`]);
      const moved = (ms: number) => new Date(Date.parse(at) + ms).toISOString();
      const between = async (range: Fields) =>
        (await rowsOf(name, path, range)).map((found) => String(found[`${stamp}At`]));
      expect(new Set(await between({ [after]: at, [before]: at }))).toEqual(new Set([at]));
      expect(await between({ [after]: moved(1) })).not.toContain(at);
      expect(await between({ [before]: moved(-1) })).not.toContain(at);
    }
  });
});
