import type { EntitySchema, EntitySchemaWithMeta, InferEntity } from '@mikro-orm/core';
import type { ColumnType } from 'kysely';

/** The tables as the read door sees them. `platform.ts` adds the tables of all contexts. */
export interface Tables {}

type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : Name;

/** What `defineEntity` makes. Code outside of `database/` and the entities knows no more of the ORM than this. */
export type AnyEntity = EntitySchema;
export type NamedEntity = EntitySchemaWithMeta;
export type PropertyOf<Entity> = keyof InferEntity<Entity> & string;

/** Instants leave the database as ISO 8601 strings. */
type Readable<Value> = Value extends Date ? string : Value extends undefined ? never : Value;

/** An instant is read as an ISO 8601 string, and written as that or as a Date. */
type Column<Value> = [Extract<Value, Date>] extends [never]
  ? Readable<Value>
  : ColumnType<Readable<Value>, Readable<Value> | Date, Readable<Value> | Date>;

/** A row as reads answer it: property names, values as the read codecs give them. */
export type Row<Entity> = {
  [Name in keyof InferEntity<Entity> & string]: Readable<InferEntity<Entity>[Name]>;
};

/** The columns of an entity's table: snake_case names, values as the read codecs give them. */
type Columns<Entity> = {
  [Name in keyof InferEntity<Entity> & string as SnakeCase<Name>]: Column<InferEntity<Entity>[Name]>;
};

type EntityIn<Definitions extends readonly { entity: unknown }[]> = Extract<Definitions[number]['entity'], NamedEntity>;

/** The tables of some definitions, by their names. */
export type TablesOf<Definitions extends readonly { entity: unknown }[]> = {
  [Name in EntityIn<Definitions>['tableName']]: Columns<Extract<EntityIn<Definitions>, { tableName: Name }>>;
};
