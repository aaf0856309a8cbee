import { z } from 'zod';
import { id } from './schemas.ts';

/*
 * Some rows have a readable key beside their id, such as `KEY-12`. Inputs accept either. Before a service runs, the API replaces keys by
 * ids, so services know only ids.
 */

/** The kinds of rows that have keys. */
export type KeyKind = 'project' | 'task';

const kinds = z.registry<{ kind: KeyKind }>();

/**
 * Makes the schema of an input that names a row by its id or by its key.
 * @param key the schema of the key. It must convert to upper case, which distinguishes keys from ids and words
 */
export function idOrKey(kind: KeyKind, key: z.ZodString) {
  const schema = z.union([id(), key]).describe(`The id of the ${kind}, or its key.`);
  kinds.add(schema, { kind });
  return schema;
}

/** Whether a value that `idOrKey` has parsed is a key. */
const isKey = (value: string): boolean => /^[A-Z]/.test(value);

type Replace = (kind: KeyKind, key: string) => string;

/** Replaces the keys in the values of one schema. It returns the same value when there are none. */
type Replacer = (value: unknown, replace: Replace) => unknown;

/** The replacers of schemas. Null for a schema whose values contain no keys. */
const replacers = new WeakMap<z.core.$ZodType, Replacer | null>();

/** Returns the replacer of a schema, which is made once. */
function replacerOf(schema: z.core.$ZodType): Replacer | null {
  let replacer = replacers.get(schema);
  if (replacer === undefined) replacers.set(schema, (replacer = makeReplacer(schema)));
  return replacer;
}

function makeReplacer(schema: z.core.$ZodType): Replacer | null {
  const kind = kinds.get(schema)?.kind;
  if (kind !== undefined)
    return (value, replace) => (typeof value === 'string' && isKey(value) ? replace(kind, value) : value);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return replacerOf(schema.unwrap());
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.flatMap((option) => replacerOf(option) ?? []);
    if (options.length === 0) return null;
    return (value, replace) => options.reduce((found, option) => option(found, replace), value);
  }
  if (schema instanceof z.ZodArray) {
    const element = replacerOf(schema.element);
    return element && ((value, replace) => (Array.isArray(value) ? inItems(element, value, replace) : value));
  }
  return schema instanceof z.ZodObject ? replacerOfFields(schema) : null;
}

function inItems(element: Replacer, items: readonly unknown[], replace: Replace): readonly unknown[] {
  const replaced = items.map((item) => element(item, replace));
  return replaced.some((item, index) => item !== items[index]) ? replaced : items;
}

function replacerOfFields({ shape }: z.ZodObject): Replacer | null {
  const fields = Object.entries<z.core.$ZodType>(shape).flatMap(([name, schema]) => {
    const replacer = replacerOf(schema);
    return replacer ? [{ name, replacer }] : [];
  });
  if (fields.length === 0) return null;
  return (value, replace) => {
    if (typeof value !== 'object' || value === null) return value;
    let replaced = value;
    for (const { name, replacer } of fields) {
      const member: unknown = Reflect.get(value, name);
      const found = replacer(member, replace);
      if (found !== member) replaced = { ...replaced, [name]: found };
    }
    return replaced;
  };
}

/** Returns a parsed input with ids in the place of all keys. It is the same object when it has no keys. */
export function replaceKeys(
  schema: z.ZodObject,
  input: Record<string, unknown>,
  replace: Replace,
): Record<string, unknown> {
  const replacer = replacerOf(schema);
  return replacer ? (replacer(input, replace) as Record<string, unknown>) : input;
}
