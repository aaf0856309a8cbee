import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hasSecrets, removed, secret, withoutSecrets } from './redaction.ts';

const token = () => secret(z.string().min(1));

describe('values without their secrets', () => {
  it.each<[string, z.ZodType, unknown, unknown]>([
    [
      'a field',
      z.object({ token: token(), name: z.string() }),
      { token: 't', name: 'n' },
      { token: removed, name: 'n' },
    ],
    ['an optional field', z.object({ token: token().optional() }), { token: 't' }, { token: removed }],
    [
      'a field that is described later',
      z.object({ token: token().describe('It.') }),
      { token: 't' },
      { token: removed },
    ],
    [
      'a field that is checked later',
      z.object({ token: token().refine(() => true) }),
      { token: 't' },
      { token: removed },
    ],
    [
      'a nullable field with a default',
      z.object({ token: token().nullable().default(null) }),
      { token: 't' },
      { token: removed },
    ],
    ['a field without a value', z.object({ token: token().nullable() }), { token: null }, { token: null }],
    ['a partial object', z.object({ token: token() }).partial(), { token: 't' }, { token: removed }],
    [
      'an extended object',
      z.object({ token: token() }).extend({ id: z.string() }),
      { token: 't', id: '1' },
      { token: removed, id: '1' },
    ],
    [
      'an object that is checked',
      z.strictObject({ token: token() }).refine(() => true),
      { token: 't' },
      { token: removed },
    ],
    [
      'an object inside',
      z.object({ login: z.object({ token: token() }) }),
      { login: { token: 't' } },
      { login: { token: removed } },
    ],
    ['items', z.object({ codes: z.array(token()) }), { codes: ['a', 'b'] }, { codes: [removed, removed] }],
    ['objects in an array', z.array(z.object({ token: token() })), [{ token: 't' }], [{ token: removed }]],
    ['a record', z.record(z.string(), token()), { a: 't' }, { a: removed }],
    [
      'a union',
      z.union([z.object({ code: z.string() }), z.object({ code: token() })]),
      { code: 'c' },
      { code: removed },
    ],
    [
      'an intersection',
      z.intersection(z.object({ a: token() }), z.object({ b: z.string() })),
      { a: 't', b: 'b' },
      { a: removed, b: 'b' },
    ],
    ['a pipe', z.object({ token: token().pipe(z.string()) }), { token: 't' }, { token: removed }],
    ['a tuple', z.tuple([z.number(), token()]), [1, 't'], [removed, removed]],
    ['a secret object', z.object({ key: secret(z.object({ d: z.string() })) }), { key: { d: 'd' } }, { key: removed }],
    ['no secrets', z.object({ a: z.array(z.number()) }), { a: [1] }, { a: [1] }],
    ['another value than the schema says', z.object({ token: token() }), 'text', 'text'],
  ])('%s', (name, schema, value, expected) => {
    expect(withoutSecrets(schema, value)).toEqual(expected);
    expect(hasSecrets(schema)).toBe(name !== 'no secrets');
  });

  it('changes nothing in the value itself', () => {
    const value = { token: 't' };
    withoutSecrets(z.object({ token: token() }), value);
    expect(value).toEqual({ token: 't' });
  });
});
