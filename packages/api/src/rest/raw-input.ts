import type { FieldError } from '@tenon/core';
import type { z } from 'zod';
import { invalid, wrongField } from '../errors.ts';
import type { Operation, RawInput } from '../operation.ts';
import { pointer } from '../pointer.ts';
import { readForm, readJson } from './body.ts';
import { coerce, type Coercion, coercionOf, type FormText, parseQuery } from './query.ts';

/** The parts of a request that contain its input. */
export interface RestRequest {
  url: string;
  /** Percent-decoded. */
  params: Record<string, unknown>;
  body: Record<string, unknown>;
  /** Of a stream: the value of Last-Event-ID, which a browser sends when it comes back. */
  lastEventId?: string | undefined;
}

const text: Coercion = { kind: 'other', element: 'other' };

/** Reads the input of one operation from REST requests. */
export class InputReader {
  readonly #operation: Operation;
  readonly #coercions: ReadonlyMap<string, Coercion>;

  constructor(operation: Operation) {
    this.#operation = operation;
    this.#coercions = new Map(
      Object.entries<z.core.$ZodType>(operation.input.shape).map(([name, schema]) => [name, coercionOf(schema)]),
    );
  }

  /** Collects the fields of path, query and body in one flat object. */
  read({ url, params, body, lastEventId }: RestRequest): RawInput {
    const { parameters, hasBody, ignoresUnknown } = this.#operation;
    const wrong: FieldError[] = [];
    // No prototype: a parameter named __proto__ is then an ordinary name, and is refused like any unknown one.
    const value: Record<string, unknown> = { __proto__: null };
    const unknown = (place: 'query' | 'body', name: string) => {
      if (!ignoresUnknown)
        wrong.push(wrongField(pointer(place, [name]), 'There is no such field.', 'unrecognized_keys'));
    };

    const query = url.includes('?') ? this.#fieldsOf('query', parseQuery(url), wrong) : [];
    for (const [name, member] of query) {
      if (hasBody || parameters.has(name)) unknown('query', name);
      else value[name] = member;
    }
    for (const [name, member] of Object.entries(body)) {
      if (parameters.has(name)) unknown('body', name);
      else value[name] = member;
    }
    if (lastEventId !== undefined) value['lastEventId'] = lastEventId;
    for (const name of parameters) {
      const param = params[name];
      value[name] = typeof param === 'string' ? this.#coerce(name, [param]) : param;
    }
    return { value, wrong };
  }

  /**
   * Reads the fields of a body. Without a body there are none.
   * @throws `validation_failed` at `/body` or below it
   */
  readBody(body: Buffer | undefined): Record<string, unknown> {
    if (body === undefined || body.length === 0 || this.#operation.kind === 'click') return {};
    if (!this.#operation.hasBody) throw invalid(wrongField('/body', 'This operation takes no body.'));
    if (this.#operation.kind === 'json') return readJson(body);
    const wrong: FieldError[] = [];
    const fields = this.#fieldsOf('body', readForm(body), wrong);
    if (wrong.length > 0) throw invalid(...wrong);
    return Object.fromEntries(fields);
  }

  /** The fields in a text. Each value gets the type that its schema asks for. */
  #fieldsOf(place: 'query' | 'body', { values, undecodable }: FormText, wrong: FieldError[]): [string, unknown][] {
    const { ignoresUnknown } = this.#operation;
    for (const name of undecodable)
      if (!ignoresUnknown || this.#coercions.has(name))
        wrong.push(wrongField(pointer(place, [name]), 'It is not percent-encoded UTF-8.', 'invalid_format'));
    return [...values]
      .filter(([name, texts]) => !ignoresUnknown || (this.#coercions.has(name) && texts.some((one) => one !== '')))
      .map(([name, texts]) => [name, this.#coerce(name, texts)]);
  }

  #coerce(name: string, texts: readonly string[]): unknown {
    return coerce(this.#coercions.get(name) ?? text, texts);
  }
}
