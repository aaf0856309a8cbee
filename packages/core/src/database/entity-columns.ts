import { types } from '@mikro-orm/core';
import { columnName, HundredthsType, IdType } from './columns.ts';
import type { AnyEntity } from './schema.ts';

/** What a column contains. */
export type ColumnType =
  | 'boolean'
  | 'double'
  | 'hundredths'
  | 'id'
  | 'instant'
  | 'integer'
  | 'json'
  | 'smallint'
  | 'string'
  | 'text';

const typesByClass = new Map<unknown, ColumnType>([
  [types.boolean, 'boolean'],
  [types.datetime, 'instant'],
  [types.double, 'double'],
  [types.integer, 'integer'],
  [types.json, 'json'],
  [types.smallint, 'smallint'],
  [types.string, 'string'],
  [types.text, 'text'],
  [HundredthsType, 'hundredths'],
  [IdType, 'id'],
]);

/** One column of an entity's table. */
export interface EntityColumn {
  readonly property: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** The values that are allowed. Null when all are. */
  readonly values: readonly unknown[] | null;
}

/** The columns of an entity's table, in the order of the entity's properties. */
export interface EntityColumns {
  readonly table: string;
  readonly columns: readonly EntityColumn[];
  /** The properties that are the primary key. */
  readonly primaryKeys: readonly string[];
}

/** The parts of a property's definition that are read here, before the ORM completes it. */
interface Definition {
  readonly type?: unknown;
  readonly nullable?: boolean | undefined;
  readonly primary?: boolean | undefined;
  readonly enum?: boolean | undefined;
  readonly items?: readonly unknown[] | undefined;
}

function columnOf(table: string, property: string, definition: Definition): EntityColumn {
  // An enum without a type is text.
  const type = definition.enum && definition.type === undefined ? 'string' : typesByClass.get(definition.type);
  if (!type) throw new Error(`${table}.${property} has a type that no codec reads.`);
  const { nullable = false, items: values = null } = definition;
  return { property, name: columnName(property), type, nullable, values };
}

/**
 * Reads the columns of an entity from its definition. This does not start the ORM, so a server never loads the ORM's drivers. A test
 * compares the columns with those that the ORM discovers.
 * @throws when a property has a type that `ColumnType` does not name
 */
export function columnsOf({ meta }: AnyEntity): EntityColumns {
  const properties = Object.entries<Definition>({ ...meta.properties });
  return {
    table: meta.tableName,
    columns: properties.map(([name, definition]) => columnOf(meta.tableName, name, definition)),
    primaryKeys: properties.filter(([, { primary }]) => primary).map(([name]) => name),
  };
}
