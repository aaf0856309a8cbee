import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { openApiDocument } from '../../document.ts';
import type { Operation } from '../../operation.ts';
import { isJson, type Json } from '../../rest/json-schema.ts';
import type { Fields } from './wire.ts';

const document = JSON.parse(JSON.stringify(await openApiDocument())) as Json;

const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 10, validateFormats: true });
addFormats.default(ajv);
ajv.addSchema(document, 'document');

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const at = (value: unknown, ...names: readonly string[]): unknown =>
  names.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner ? Reflect.get(inner, name) : undefined),
    value,
  );

/** Follows a reference inside the document. */
function deref(value: unknown): Json {
  if (!isJson(value)) return {};
  const { $ref, ...rest } = value;
  return typeof $ref === 'string' ? { ...deref(at(document, ...$ref.slice(2).split('/'))), ...rest } : rest;
}

/** The fields of an object schema, over all of its alternatives. */
function fieldsIn(schema: Json): [string, Json][] {
  const { oneOf, properties } = schema;
  if (Array.isArray(oneOf)) return oneOf.flatMap((one) => fieldsIn(deref(one)));
  return Object.entries(isJson(properties) ? properties : {}).map(([name, field]) => [name, deref(field)]);
}

/** The input of an operation as the document describes it. */
export class DescribedInput {
  /** The schemas of the fields in path, query and body. */
  readonly fields: ReadonlyMap<string, Json>;
  readonly #parameters: ValidateFunction;
  readonly #body: ValidateFunction | null;
  readonly #inBody: ReadonlySet<string>;

  constructor({ path, method }: Operation) {
    const parts = ['paths', `/api/v1${path}`, method.toLowerCase()];
    const declared = at(document, ...parts, 'parameters');
    const parameters = (Array.isArray(declared) ? declared : [])
      .map(deref)
      .filter(({ in: place }) => place === 'path' || place === 'query');
    const described = parameters.map(({ name, schema }): [string, Json] => [String(name), deref(schema)]);
    this.#parameters = ajv.compile({
      type: 'object',
      properties: Object.fromEntries(described),
      required: parameters.filter(({ required }) => required === true).map(({ name }) => String(name)),
      additionalProperties: false,
    });
    const content = at(document, ...parts, 'requestBody', 'content');
    const [type] = Object.keys(isJson(content) ? content : {}).filter((one) => !one.startsWith('multipart/'));
    const body = type === undefined ? [] : fieldsIn(deref(at(content, type, 'schema')));
    const pointer = [...parts, 'requestBody', 'content', type ?? '', 'schema'].map(escaped).join('/');
    this.#body = type === undefined ? null : ajv.compile({ $ref: `document#/${pointer}` });
    this.#inBody = new Set(body.map(([name]) => name));
    this.fields = new Map([...described, ...body]);
  }

  /** Whether the document allows an input. */
  allows(input: Fields): boolean {
    const all = Object.entries(input).filter(([, value]) => value !== undefined);
    const body = Object.fromEntries(all.filter(([name]) => this.#inBody.has(name)));
    const others = Object.fromEntries(all.filter(([name]) => !this.#inBody.has(name)));
    return this.#parameters(others) && (this.#body?.(body) ?? true);
  }
}
