import { isDeepStrictEqual } from 'node:util';
import type { CoreSettings } from '@tenon/core';
import { z } from 'zod';
import { polluting } from '../input.ts';
import { descriptionOf } from './descriptions.ts';
import { isWrapper } from './query.ts';

export type Json = Record<string, unknown>;

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rewrites every object in a JSON value, inner objects first. */
function rewrite(value: unknown, change: (object: Json) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, change));
  if (!isJson(value)) return value;
  return change(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rewrite(member, change)])));
}

const reference = '#/$defs/';

/** What narrows the texts, numbers and lists of inputs. Answers may contain what was stored before a rule was made. */
const narrowing = ['pattern', 'not', 'contains', 'multipleOf', 'propertyNames', 'uniqueItems'] as const;

/** The formats that allow more than zod does, so that its pattern says something. */
const looseFormats: ReadonlySet<unknown> = new Set([undefined, 'email']);

/** Removes patterns where a format says the same, and zod's bounds of safe integers, which say nothing. */
function tidy(schema: z.core.JSONSchema.BaseSchema, declared: Json, io: 'input' | 'output'): void {
  if (!('pattern' in declared) && !looseFormats.has(schema.format)) delete schema.pattern;
  if (io === 'output') for (const name of narrowing) if (name in declared) delete schema[name];
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

const growing = 'More values may be added.';

/** Opens an output schema: answers may get new members, and enums new values. */
function open(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.enum) schema.description = schema.description ? `${schema.description} ${growing}` : growing;
}

/** Forbids the names that no input may have, in an object that takes unknown members. */
function close(schema: z.core.JSONSchema.BaseSchema, path: readonly PropertyKey[]): void {
  if (schema.type !== 'object' || schema.additionalProperties === false || path.length === 0) return;
  schema.propertyNames = { ...(isJson(schema.propertyNames) && schema.propertyNames), not: { enum: [...polluting] } };
}

/** Whether a schema or one of its alternatives has a description. */
const isDescribed = ({ description, anyOf, oneOf }: Json): boolean =>
  description !== undefined || [anyOf, oneOf].some((all) => Array.isArray(all) && all.filter(isJson).some(isDescribed));

/** Describes the fields that are called and mean the same everywhere. */
const describeFields = (schema: Json): Json => {
  const described = rewrite(schema, (object) => {
    const { properties } = object;
    if (object['type'] !== 'object' || !isJson(properties)) return object;
    const fields = Object.entries(properties).map(([name, field]): [string, unknown] => {
      const description = descriptionOf(name);
      return [name, description && isJson(field) && !isDescribed(field) ? { ...field, description } : field];
    });
    return { ...object, properties: Object.fromEntries(fields) };
  });
  return isJson(described) ? described : {};
};

/** A JSON schema, and the definitions that it refers to. */
interface Converted {
  root: Json;
  definitions: Map<string, Json>;
}

function convert(schema: z.ZodType, io: 'input' | 'output'): Converted {
  const { $schema: _schema, ...root }: Json = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      // An optional or nullable schema repeats what the schema in it says, which was tidied before.
      if (!isWrapper(zodSchema)) tidy(jsonSchema, z.globalRegistry.get(zodSchema) ?? {}, io);
      if (io === 'output') open(jsonSchema);
      else close(jsonSchema, path);
    },
  });
  const { $defs, ...described } = describeFields(root);
  const named = isJson($defs) ? Object.entries($defs) : [];
  return {
    root: described,
    definitions: new Map(named.flatMap(([name, value]) => (isJson(value) ? [[name, value]] : []))),
  };
}

const referred = ({ $ref }: Json): string | null =>
  typeof $ref === 'string' && $ref.startsWith(reference) ? $ref.slice(reference.length) : null;

/** Replaces references by the definitions. A reference inside its own definition becomes an unrestricted schema. */
function inline(
  value: Json,
  definitions: Converted['definitions'],
  only: (name: string) => boolean,
  within: string[] = [],
): Json {
  const { $defs: _defs, ...rest } = value;
  const replaced = rewrite(rest, (object) => {
    const name = referred(object);
    if (name === null || !only(name)) return object;
    const { $ref: _ref, ...beside } = object;
    const target = definitions.get(name);
    if (!target || within.includes(name)) return beside;
    return { ...inline(target, definitions, only, [...within, name]), ...beside };
  });
  return isJson(replaced) ? replaced : {};
}

/** Whether zod made the name, which it does for a schema that contains itself. */
const isUnnamed = (name: string): boolean => name.startsWith('__schema');

/** The named schemas of a document. */
export class Components {
  readonly schemas = new Map<string, Json>();

  /** Converts an output schema. Its objects are open, its enums may grow, and inner schemas with an id become components. */
  output(schema: z.ZodType): Json {
    const { root, definitions } = convert(schema, 'output');
    const linked = (value: Json) => linkComponents(inline(value, definitions, isUnnamed));
    for (const [name, definition] of definitions) if (!isUnnamed(name)) this.add(name, linked(definition));
    return linked(root);
  }

  /** Adds a schema by name. @throws Error when another schema has the name */
  add(name: string, schema: Json): Json {
    const known = this.schemas.get(name);
    if (known && !isDeepStrictEqual(known, schema)) throw new Error(`Two different schemas are called ${name}.`);
    this.schemas.set(name, schema);
    return { $ref: `#/components/schemas/${name}` };
  }
}

function linkComponents(schema: Json): Json {
  const linked = rewrite(schema, (object) => {
    const name = referred(object);
    return name === null ? object : { ...object, $ref: `#/components/schemas/${name}` };
  });
  return isJson(linked) ? linked : {};
}

/** The settings of an installation that its document tells. @default those of an installation that sets nothing */
export type ToldSettings = Partial<Pick<CoreSettings, 'passwordMinLength' | 'publicUrl'>>;

/** Replaces the minimum lengths that are settings. Their schemas name the setting as `setting`. */
const withSettings = (schema: Json, { passwordMinLength }: ToldSettings): unknown =>
  rewrite(schema, (object) => {
    const { setting, minLength, ...others } = object;
    return setting === 'passwordMinLength' ? { ...others, minLength: passwordMinLength ?? minLength } : object;
  });

/** Converts an input schema. Its objects stay closed, and inner schemas are inlined. */
export function inputSchema(schema: z.ZodType, settings: ToldSettings = {}): Json {
  const { root, definitions } = convert(schema, 'input');
  const told = withSettings(
    inline(root, definitions, () => true),
    settings,
  );
  return isJson(told) ? told : {};
}

/**
 * Writes an object of which a call gives one group of fields as one closed object for each group. A client then sees which fields go
 * together, and a console begins with an input that is valid.
 */
export function splitGroups(
  { properties, required, description, ...object }: Json,
  groups: readonly (readonly string[])[],
): Json {
  const needed: unknown[] = Array.isArray(required) ? required : [];
  const choices = groups.map((group) => {
    const others = new Set(groups.filter((other) => other !== group).flat());
    const own = Object.entries(isJson(properties) ? properties : {}).filter(([name]) => !others.has(name));
    return {
      title: `With ${group.join(' and ')}`,
      ...object,
      properties: Object.fromEntries(own),
      required: [...group, ...needed],
    };
  });
  return { ...(description !== undefined && { description }), oneOf: choices };
}
