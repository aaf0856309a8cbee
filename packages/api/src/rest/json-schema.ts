import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

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

/** Removes patterns where a format says the same, and zod's bounds of safe integers, which say nothing. */
function tidy(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

const growing = 'More values may be added.';

/** Opens an output schema: answers may get new members, and enums new values. */
function open(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.enum) schema.description = schema.description ? `${schema.description} ${growing}` : growing;
}

/** A JSON schema, and the definitions that it refers to. */
interface Converted {
  root: Json;
  definitions: Map<string, Json>;
}

function convert(schema: z.ZodType, io: 'input' | 'output'): Converted {
  const { $schema: _schema, ...root }: Json = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      tidy(jsonSchema);
      if (io === 'output') open(jsonSchema);
    },
  });
  const named = isJson(root['$defs']) ? Object.entries(root['$defs']) : [];
  return { root, definitions: new Map(named.flatMap(([name, value]) => (isJson(value) ? [[name, value]] : []))) };
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

/** Converts an input schema. Its objects stay closed, and inner schemas are inlined. */
export function inputSchema(schema: z.ZodType): Json {
  const { root, definitions } = convert(schema, 'input');
  return inline(root, definitions, () => true);
}
