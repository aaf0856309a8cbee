import type { EntityMetadata, InferEntity } from '@mikro-orm/core';
import { columnType, type ColumnType } from './codecs.ts';
import type { Connection, Dialect } from './engine.ts';
import { listedValue } from './sqlite-values.ts';
import { typed, TypedValue } from './typed-value.ts';

/** A row for `insert`: property names and values of the entity. What may be null may be left out. */
export type NewRow<Entity> = {
  [Name in keyof InferEntity<Entity> & string as null extends InferEntity<Entity>[Name] ? never : Name]: Writable<
    InferEntity<Entity>[Name]
  >;
} & {
  [Name in keyof InferEntity<Entity> & string as null extends InferEntity<Entity>[Name] ? Name : never]?: Writable<
    InferEntity<Entity>[Name]
  >;
};

/** An instant is written as a Date, or as the ISO 8601 string that reads answer. */
export type Writable<Value> = Value extends Date ? Date | string : Value;

type Encode = (value: unknown) => unknown;

type Encoders = Record<ColumnType | 'other', Encode>;

const plain: Encode = (value) => value ?? null;
const encoders: Encoders = {
  hundredths: (value) => (typeof value === 'number' ? Math.round(value * 100) : null),
  json: (value) => (value === null || value === undefined ? null : JSON.stringify(value)),
  instant: (value) => (typeof value === 'string' ? new Date(value) : (value ?? null)),
  boolean: plain,
  id: plain,
  other: plain,
};
const encodersOf: Record<Dialect, Encoders> = {
  postgresql: encoders,
  sqlite: {
    ...encoders,
    id: (value) => typed('id', value ?? null),
    other: (value) => typed('text', value ?? null),
  },
};

type Property = EntityMetadata['props'][number];

interface Column {
  property: string;
  name: string;
  /** On PostgreSQL. */
  type: string;
  isId: boolean;
  encode: Encode;
}

function columnOf(property: Property, dialect: Dialect): Column {
  const type = columnType(property);
  return {
    property: property.name,
    name: property.fieldNames[0] ?? property.name,
    type: property.columnTypes[0] ?? 'text',
    isId: type === 'id',
    encode: encodersOf[dialect][type ?? 'other'],
  };
}

/** SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535. */
const mostParameters = 30_000;
/** Rows of one statement. */
const mostRows = 500;

type Values = Readonly<Record<string, unknown>>;

/** The statements of one table, compiled once for each set of columns: several times cheaper than flushing entities. */
export class TableWriter {
  readonly #dialect: Dialect;
  readonly #entity: EntityMetadata;
  readonly #columns: readonly Column[];
  readonly #statements = new Map<string, string>();

  constructor(dialect: Dialect, entity: EntityMetadata) {
    this.#dialect = dialect;
    this.#entity = entity;
    this.#columns = entity.props.map((property) => columnOf(property, dialect));
  }

  async insert(connection: Connection, rows: readonly Values[]): Promise<void> {
    const columns = this.#columns;
    const size = Math.min(mostRows, Math.floor(mostParameters / columns.length));
    for (let first = 0; first < rows.length; first += size) {
      const chunk = rows.slice(first, first + size);
      const sql = this.#statement(`insert ${chunk.length}`, (slot) => {
        const tuples = chunk.map(() => `(${columns.map(() => slot()).join(', ')})`).join(', ');
        return `insert into ${this.#table} (${columns.map(({ name }) => `"${name}"`).join(', ')}) values ${tuples}`;
      });
      await connection.execute(
        sql,
        chunk.flatMap((row) => columns.map(({ property, encode }) => encode(row[property]))),
      );
    }
  }

  /** Changes the rows that match, and raises their version. Answers how many there were. An array matches any of its values. */
  async update(connection: Connection, match: Values, changes: Values): Promise<number> {
    const set = this.#named(changes);
    const sql = this.#statement(`update ${Object.keys(changes).join()} ${this.#shapeOf(match)}`, (slot) => {
      const assigned = set.map(({ name }) => `"${name}" = ${slot()}`);
      if ('version' in this.#entity.properties) assigned.push('"version" = "version" + 1');
      return `update ${this.#table} set ${assigned.join(', ')} where ${this.#where(match, slot)} returning 1`;
    });
    const values = set.map(({ property, encode }) => encode(changes[property]));
    return (await connection.execute(sql, [...values, ...this.#parameters(match)])).rows.length;
  }

  /** Deletes the rows that match. Answers how many there were. */
  async delete(connection: Connection, match: Values): Promise<number> {
    const sql = this.#statement(
      `delete ${this.#shapeOf(match)}`,
      (slot) => `delete from ${this.#table} where ${this.#where(match, slot)} returning 1`,
    );
    return (await connection.execute(sql, this.#parameters(match))).rows.length;
  }

  get #table(): string {
    return `"${this.#entity.tableName}"`;
  }

  #shapeOf(match: Values): string {
    return Object.entries(match)
      .map(([name, value]) => `${name}${Array.isArray(value) ? '[]' : ''}`)
      .join();
  }

  #where(match: Values, slot: () => string): string {
    return this.#named(match)
      .map(({ property, name, type, isId }) => {
        if (!Array.isArray(match[property])) return `"${name}" = ${slot()}`;
        if (this.#dialect === 'sqlite')
          return `"${name}" in (select ${listedValue[isId ? 'id' : 'text']} from json_each(${slot()}))`;
        return `"${name}" = any(${slot()}::${type}[])`;
      })
      .join(' and ');
  }

  #parameters(match: Values): unknown[] {
    return this.#named(match).map(({ property, encode, isId }) => {
      const value = match[property];
      if (!Array.isArray(value)) return encode(value);
      if (this.#dialect === 'postgresql') return value.map(encode);
      return new TypedValue(isId ? 'id' : 'text', value);
    });
  }

  #named(values: Values): Column[] {
    return Object.keys(values).map((name) => {
      const column = this.#columns.find(({ property }) => property === name);
      if (!column) throw new Error(`${this.#entity.className} has no property ${name}.`);
      return column;
    });
  }

  #statement(key: string, build: (slot: () => string) => string): string {
    const known = this.#statements.get(key);
    if (known !== undefined) return known;
    let count = 0;
    const made = build(() => (this.#dialect === 'postgresql' ? `$${++count}` : '?'));
    this.#statements.set(key, made);
    return made;
  }
}
