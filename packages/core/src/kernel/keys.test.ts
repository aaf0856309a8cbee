import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { idOrKey, replaceKeys } from './keys.ts';
import { uuidv7 } from './ids.ts';

const upper = () =>
  z
    .string()
    .regex(/^[A-Za-z]+$/)
    .overwrite((key) => key.toUpperCase());
const task = () => idOrKey('task', upper());
const project = () => idOrKey('project', upper());

const schema = z.strictObject({
  id: task().describe('The task.'),
  title: z.string().optional(),
  parent: task().nullable().optional(),
  of: z.array(z.union([z.literal('none'), project()])).optional(),
  items: z.array(z.strictObject({ note: z.string(), project: project().nullable().default(null) })).optional(),
});

describe('keys', () => {
  const replaced = (input: z.input<typeof schema>) =>
    replaceKeys(schema, schema.parse(input), (kind, key) => `${kind} ${key}`);

  it('are replaced wherever the schema takes them, and only there', () => {
    expect(
      replaced({
        id: 'abc',
        title: 'ABC',
        parent: 'DEF',
        of: ['none', 'ghi'],
        items: [{ note: 'NO', project: 'yes' }],
      }),
    ).toEqual({
      id: 'task ABC',
      title: 'ABC',
      parent: 'task DEF',
      of: ['none', 'project GHI'],
      items: [{ note: 'NO', project: 'project YES' }],
    });
  });

  it('are told from ids, and what is absent stays absent', () => {
    const id = uuidv7();
    expect(replaced({ id: id.toUpperCase() })).toEqual({ id });
    expect(replaced({ id, parent: null })).toEqual({ id, parent: null });
  });
});
