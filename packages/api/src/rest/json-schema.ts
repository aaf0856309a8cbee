import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

export type Json = Record<string, unknown>;

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rewrites every object in a JSON value, the inner ones first. */
function rewrite(value: unknown, change: (object: Json) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, change));
  if (!isJson(value)) return value;
  return change(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rewrite(member, change)])));
}

const reference = '#/$defs/';

/** Formats say it better than zod's patterns for them, and zod's bounds of safe integers say nothing. */
function tidy(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

const growing = 'More values may be added.';

/** Answers may grow: in members, and in the values of enums. */
function open(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.enum) schema.description = schema.description ? `${schema.description} ${growing}` : growing;
}

/** A schema with the definitions that it refers to. */
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

/** Puts definitions in the place of the references to them; one that contains itself becomes anything. */
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

/** Those that zod names because a schema contains itself. */
const isUnnamed = (name: string): boolean => name.startsWith('__schema');

/** The schemas of a document that have a name. */
export class Components {
  readonly schemas = new Map<string, Json>();

  /**
   * What an operation answers: objects are open and enums may grow, and schemas with an id stand among the components.
   */
  output(schema: z.ZodType): Json {
    const { root, definitions } = convert(schema, 'output');
    const linked = (value: Json) => linkComponents(inline(value, definitions, isUnnamed));
    for (const [name, definition] of definitions) if (!isUnnamed(name)) this.add(name, linked(definition));
    return linked(root);
  }

  /** Adds a schema under its name. @throws when another one has it */
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

/** What an operation takes: closed, with every inner schema in its place. */
export function inputSchema(schema: z.ZodType): Json {
  const { root, definitions } = convert(schema, 'input');
  return inline(root, definitions, () => true);
}
