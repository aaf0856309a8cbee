import { isDeepStrictEqual } from 'node:util';
import { descriptionOf } from '@tenon/api';

/** A JSON schema, or a part of one. */
export type Json = Readonly<Record<string, unknown>>;

/** A schema has another type for what a client sends than for what the server answers: there, defaults are filled in. */
export type Io = 'input' | 'output';

/** The part of a schema of zod that is needed. */
interface Schema {
  toJSONSchema(options: { io: Io; unrepresentable: 'any' }): object;
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const reference = '#/$defs/';

/** The name that a schema refers to; null when it refers to none. */
const referred = ({ $ref }: Json): string | null =>
  typeof $ref === 'string' && $ref.startsWith(reference) ? $ref.slice(reference.length) : null;

const membersOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

/** A value as the type of this value alone. */
export const literal = (value: unknown): string =>
  typeof value === 'string'
    ? `'${JSON.stringify(value)
        .slice(1, -1)
        .replaceAll("'", String.raw`\'`)}'`
    : `${JSON.stringify(value)}`;

export const union = (types: readonly string[]): string => [...new Set(types)].join(' | ') || 'never';

const nameOf = (property: string): string => (/^[A-Za-z_$][\w$]*$/.test(property) ? property : literal(property));

/** Writes a comment of the lines, or nothing when there are none. */
export function comment(lines: readonly string[], indent: string): string {
  const safe = lines.map((line) => line.replaceAll('*/', String.raw`*\/`));
  if (safe.length === 0) return '';
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`;
  return `${indent}/**\n${safe.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

/** How many, as `1 to 50 items.` Empty when there is no limit. */
function between(least: unknown, most: unknown, unit: string): string {
  if (typeof most === 'number')
    return typeof least === 'number' ? `${least} to ${most}${unit}.` : `At most ${most}${unit}.`;
  return typeof least === 'number' && least > 0 ? `At least ${least}${unit}.` : '';
}

/** The bounds of safe integers, which zod writes for every integer. */
const isBound = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;

/** What a value must be, beyond its type. */
function limitsOf({ minLength, maxLength, minItems, maxItems, minimum, maximum }: Json): string {
  const limits = [
    between(minLength === 0 ? undefined : minLength, maxLength, ' characters'),
    between(minItems === 0 ? undefined : minItems, maxItems, ' items'),
    between(isBound(minimum) ? minimum : undefined, isBound(maximum) ? maximum : undefined, ''),
  ];
  return limits.filter((text) => text !== '').join(' ');
}

/** The TypeScript types of schemas. Those that have an id are declared once, by this name. */
export class SchemaTypes {
  readonly #definitions: Readonly<Record<Io, Map<string, Json>>> = { input: new Map(), output: new Map() };
  /** The names whose type differs between input and output. */
  #twofold: ReadonlySet<string> = new Set();

  /**
   * Adds a schema, and all that it names. Add every schema before the first type is written.
   * @param name of the schema, if it is an object without an id
   * @returns what to pass to `write`
   */
  add(schema: Schema, io: Io, name: string): Json {
    const { $schema: _schema, $defs, ...root }: Json = { ...schema.toJSONSchema({ io, unrepresentable: 'any' }) };
    for (const [id, definition] of Object.entries(isJson($defs) ? $defs : {}))
      if (isJson(definition)) this.#define(io, id, definition);
    const isNamed =
      root['type'] === 'object' && isJson(root['properties']) && Object.keys(root['properties']).length > 0;
    return isNamed ? this.#define(io, name, root) : root;
  }

  /** Whether an input may be left out, because it has no required field. */
  isOptional(schema: Json, io: Io): boolean {
    const { required = [] } = this.#resolved(schema, io);
    return Array.isArray(required) && required.length === 0;
  }

  /** Writes the declarations of all named types. */
  declarations(): string {
    this.#findTwofold();
    const declarations = (['input', 'output'] as const).flatMap((io) =>
      Array.from(
        this.#definitions[io],
        ([name, schema]) => [this.#published(name, io), this.#declaration(name, schema, io)] as const,
      ),
    );
    const sorted = [...new Map(declarations)].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return sorted.map(([, text]) => text).join('\n');
  }

  /** Writes the type of a schema. */
  write(schema: Json, io: Io, indent = ''): string {
    const name = referred(schema);
    if (name !== null) return this.#published(name, io);
    if ('const' in schema) return literal(schema['const']);
    const { type } = schema;
    if (Array.isArray(schema['enum'])) return union(schema['enum'].map(literal));
    if (Array.isArray(type)) return union(type.map((each) => this.write({ ...schema, type: each }, io, indent)));
    if (type === 'number' || type === 'integer') return 'number';
    if (type === 'string' || type === 'boolean' || type === 'null') return type;
    if (type === 'array') return this.#arrayOf(schema, io, indent);
    if (type === 'object') return this.#objectOf(schema, io, indent);
    const alternatives = membersOf(schema['anyOf'] ?? schema['oneOf']);
    if (alternatives.length > 0) return union(alternatives.map((each) => this.write(each, io, indent)));
    if ('allOf' in schema || 'not' in schema) throw new Error(`There is no type for ${JSON.stringify(schema)}.`);
    return 'unknown';
  }

  #define(io: Io, name: string, schema: Json): Json {
    if (name.startsWith('__')) throw new Error('A schema that contains itself needs an id.');
    const known = this.#definitions[io].get(name);
    if (known && !isDeepStrictEqual(known, schema)) throw new Error(`Two different schemas are called ${name}.`);
    this.#definitions[io].set(name, schema);
    return { $ref: reference + name };
  }

  /** The name under which a type is published. */
  #published(name: string, io: Io): string {
    return io === 'input' && this.#twofold.has(name) ? `${name}Input` : name;
  }

  /** Types that refer to such types differ too, so it looks until it finds no more. */
  #findTwofold(): void {
    for (;;) {
      const found = [...this.#definitions.input].flatMap(([name, schema]) => {
        const answered = this.#definitions.output.get(name);
        return answered && this.write(schema, 'input') !== this.write(answered, 'output') ? [name] : [];
      });
      if (found.length === this.#twofold.size) return;
      this.#twofold = new Set(found);
    }
  }

  #resolved(schema: Json, io: Io): Json {
    const name = referred(schema);
    return name === null ? schema : (this.#definitions[io].get(name) ?? {});
  }

  #declaration(name: string, schema: Json, io: Io): string {
    const { description } = schema;
    const text = this.write(schema, io);
    const published = this.#published(name, io);
    const head = comment(typeof description === 'string' ? [description] : [], '');
    return schema['type'] === 'object' && text.startsWith('{')
      ? `${head}export interface ${published} ${text}\n`
      : `${head}export type ${published} = ${text};\n`;
  }

  #arrayOf({ items }: Json, io: Io, indent: string): string {
    const item = isJson(items) ? this.write(items, io, indent) : 'unknown';
    return /^[\w$]+$/.test(item) || (isJson(items) && items['type'] === 'object') ? `${item}[]` : `(${item})[]`;
  }

  #objectOf(
    { properties = {}, required = [], additionalProperties: others, propertyNames }: Json,
    io: Io,
    indent: string,
  ): string {
    const fields = isJson(properties) ? Object.entries(properties) : [];
    const other = isJson(others) ? this.write(others, io, indent) : 'never';
    if (fields.length === 0) {
      const key = isJson(propertyNames) ? this.write(propertyNames, io, indent) : 'string';
      return `Record<${key}, ${other}>`;
    }
    const inner = `${indent}  `;
    const members = fields.map(([name, property]) => {
      const schema = isJson(property) ? property : {};
      const optional = !(Array.isArray(required) && required.includes(name));
      const type = this.write(schema, io, inner) + (optional ? ' | undefined' : '');
      return `${this.#fieldComment(name, schema, io, inner)}${inner}${nameOf(name)}${optional ? '?' : ''}: ${type};\n`;
    });
    if (isJson(others)) members.push(`${inner}/** Other fields. */\n${inner}[name: string]: ${other};\n`);
    return `{\n${members.join('')}${indent}}`;
  }

  #fieldComment(name: string, schema: Json, io: Io, indent: string): string {
    const [inner = schema] = membersOf(schema['anyOf']).filter(({ type }) => type !== 'null');
    const own = [schema, inner].find(({ description }) => description !== undefined);
    const { description = descriptionOf(name) ?? this.#resolved(inner, io)['description'] } = own ?? {};
    const sentences = [description, limitsOf(schema), inner === schema ? '' : limitsOf(inner)];
    const text = sentences.filter((sentence) => typeof sentence === 'string' && sentence !== '').join(' ');
    const lines = [
      ...(text === '' ? [] : [text]),
      ...('default' in schema ? [`@default ${JSON.stringify(schema['default'])}`] : []),
      ...(schema['deprecated'] === true ? ['@deprecated'] : []),
    ];
    return comment(lines, indent);
  }
}
