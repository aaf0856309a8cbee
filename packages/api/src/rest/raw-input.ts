import type { FieldError } from '@tenon/core';
import type { z } from 'zod';
import { invalid, wrongField } from '../errors.ts';
import type { Operation, RawInput } from '../operation.ts';
import { pointer } from '../pointer.ts';
import { parseJson } from './json.ts';
import { coerce, type Coercion, coercionOf, parseQuery } from './query.ts';

/** The parts of a request that hold its input. */
export interface RestRequest {
  url: string;
  /** Percent-decoded. */
  params: Record<string, unknown>;
  body: Record<string, unknown>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unknown = (path: string): FieldError => wrongField(path, 'There is no such field.', 'unrecognized_keys');

/** Makes the reader of an operation's input: path, and query or body, in one flat object. */
export function rawInputReader(operation: Operation): (request: RestRequest) => RawInput {
  const coercions = new Map<string, Coercion>(
    Object.entries<z.core.$ZodType>(operation.input.shape).map(([name, schema]) => [name, coercionOf(schema)]),
  );
  const text: Coercion = { kind: 'other', element: 'other' };
  const coerceNamed = (name: string, texts: readonly string[]) => coerce(coercions.get(name) ?? text, texts);

  return ({ url, params, body }) => {
    const wrong: FieldError[] = [];
    // Without a prototype, so that a parameter named __proto__ is a name like any other, and refused like one.
    const value: Record<string, unknown> = { __proto__: null };

    const { values, undecodable } = parseQuery(url);
    for (const name of undecodable)
      wrong.push(wrongField(pointer('query', [name]), 'It is not percent-encoded UTF-8.', 'invalid_format'));
    for (const [name, texts] of values) {
      if (operation.hasBody || operation.parameters.has(name)) wrong.push(unknown(pointer('query', [name])));
      else value[name] = coerceNamed(name, texts);
    }

    for (const [name, member] of Object.entries(body)) {
      if (operation.parameters.has(name)) wrong.push(unknown(pointer('body', [name])));
      else value[name] = member;
    }

    for (const name of operation.parameters) {
      const param = params[name];
      value[name] = typeof param === 'string' ? coerceNamed(name, [param]) : param;
    }
    return { value, wrong };
  };
}

/**
 * Reads the fields in a body; without one there are none.
 * @throws `validation_failed` at `/body`
 */
export function readBody(operation: Operation, body: Buffer | undefined): Record<string, unknown> {
  if (body === undefined || body.length === 0) return {};
  if (!operation.hasBody) throw invalid(wrongField('/body', 'This operation takes no body.'));
  const parsed = parseJson(body);
  if (!isObject(parsed)) throw invalid(wrongField('/body', 'Must be a JSON object.', 'invalid_type'));
  return parsed;
}
