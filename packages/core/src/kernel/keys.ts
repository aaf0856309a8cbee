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

const kindOf = (schema: z.core.$ZodType): KeyKind | undefined => kinds.get(schema)?.kind;

/** Whether values of a schema may contain keys. */
const takesKeys = (schema: z.core.$ZodType): boolean => {
  if (kindOf(schema) !== undefined) return true;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return takesKeys(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.some(takesKeys);
  if (schema instanceof z.ZodArray) return takesKeys(schema.element);
  return schema instanceof z.ZodObject && fieldsWithKeys(schema).length > 0;
};

const fieldsOf = new WeakMap<z.ZodObject, readonly string[]>();

/** The fields of an object that may contain keys. They are found once per schema. */
function fieldsWithKeys(schema: z.ZodObject): readonly string[] {
  let fields = fieldsOf.get(schema);
  if (!fields) {
    fields = Object.entries<z.core.$ZodType>(schema.shape).flatMap(([name, field]) => (takesKeys(field) ? [name] : []));
    fieldsOf.set(schema, fields);
  }
  return fields;
}

function replaceIn(schema: z.core.$ZodType, value: unknown, replace: Replace): unknown {
  if (value === undefined || value === null) return value;
  const kind = kindOf(schema);
  if (kind !== undefined) return typeof value === 'string' && isKey(value) ? replace(kind, value) : value;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return replaceIn(schema.unwrap(), value, replace);
  if (schema instanceof z.ZodUnion)
    return schema.options
      .filter(takesKeys)
      .reduce<unknown>((found, option) => replaceIn(option, found, replace), value);
  if (schema instanceof z.ZodArray)
    return Array.isArray(value) ? value.map((item) => replaceIn(schema.element, item, replace)) : value;
  return schema instanceof z.ZodObject && typeof value === 'object'
    ? replaceKeys(schema, value as Record<string, unknown>, replace)
    : value;
}

/** Returns a parsed input with ids in the place of all keys. It is the same object when no field has changed. */
export function replaceKeys(
  schema: z.ZodObject,
  input: Record<string, unknown>,
  replace: Replace,
): Record<string, unknown> {
  let replaced = input;
  const fields: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  for (const name of fieldsWithKeys(schema)) {
    const [field, value] = [fields[name], input[name]];
    const found = field && replaceIn(field, value, replace);
    if (found === value) continue;
    if (replaced === input) replaced = { ...input };
    replaced[name] = found;
  }
  return replaced;
}
