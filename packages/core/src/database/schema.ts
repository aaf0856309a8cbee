import type { InferEntity } from '@mikro-orm/core';

/**
 * The tables as the read door sees them. Each room adds its own, beside the entity:
 *
 * @example
 * declare module '../../database/schema.ts' { interface Tables { tasks: Columns<typeof TaskEntity> } }
 */
export interface Tables {}

type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : Name;

/** Instants leave the read door as ISO 8601 strings. */
type Readable<Value> = Value extends Date ? string : Value extends undefined ? never : Value;

/** The columns of an entity's table: snake_case names, values as the read codecs give them. */
export type Columns<Entity> = {
  [Name in keyof InferEntity<Entity> & string as SnakeCase<Name>]: Readable<InferEntity<Entity>[Name]>;
};
