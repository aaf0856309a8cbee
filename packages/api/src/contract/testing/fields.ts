import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Operation } from '../../operation.ts';
import { inputSchema, isJson, type Json } from '../../rest/json-schema.ts';
import type { Fields } from './wire.ts';

/** A field of an operation's input, as the document describes it. */
export interface Field {
  readonly name: string;
  readonly schema: Json;
  readonly required: boolean;
}

export function fieldsOf({ input }: Operation): Field[] {
  const { properties, required } = inputSchema(input);
  if (!isJson(properties)) return [];
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema: isJson(schema) ? schema : {},
    required: needed.includes(name),
  }));
}

/** The members of a union, or the schema itself. */
export const alternatives = ({ anyOf, oneOf, ...rest }: Json): Json[] => {
  const of = [anyOf, oneOf].find(Array.isArray);
  return of ? of.filter(isJson).flatMap(alternatives) : [rest];
};

export const itemsOf = ({ items }: Json): Json => (isJson(items) ? items : {});

/** Whether its values, or the items of its values, are ids. */
export const namesById = ({ name, schema }: Field): boolean =>
  name === 'organizationId' ||
  alternatives(schema).some(
    (one) => one['format'] === 'uuid' || alternatives(itemsOf(one)).some((item) => item['format'] === 'uuid'),
  );

/** The input without its optional fields, except those in `kept`. */
export const onlyRequired = (operation: Operation, input: Fields, ...kept: string[]): Fields =>
  Object.fromEntries(
    fieldsOf(operation)
      .filter(({ name, required }) => (required || kept.includes(name)) && input[name] !== undefined)
      .map(({ name }) => [name, input[name]]),
  );

/** The same value with ids that do not exist. */
export const missingIds = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(() => randomUUID()) : randomUUID();

/** Whether a field takes a value, as its schema says. */
export const takes = ({ input }: Operation, field: string, value: unknown): boolean =>
  (input.shape[field] as z.ZodType).safeParse(value).success;
