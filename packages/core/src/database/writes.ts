import type { InferEntity } from '@mikro-orm/core';
import type { Connection, Dialect } from './engine.ts';
import type { ColumnType, EntityColumn, EntityColumns } from './entity-columns.ts';
import { listedValue } from './sqlite-values.ts';
import { typed, TypedValue, type ValueType } from './typed-value.ts';

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

const plain: Encode = (value) => value ?? null;
const encoders: Partial<Record<ColumnType, Encode>> = {
  hundredths: (value) => (typeof value === 'number' ? Math.round(value * 100) : null),
  json: (value) => (value === null || value === undefined ? null : JSON.stringify(value)),
  instant: (value) => (typeof value === 'string' ? new Date(value) : (value ?? null)),
};

const valueTypeOf = (type: ColumnType): ValueType => (type === 'id' ? 'id' : 'text');

function encoderOf(type: ColumnType, dialect: Dialect): Encode {
  const encode = encoders[type];
  if (encode || dialect === 'postgresql') return encode ?? plain;
  return (value) => typed(valueTypeOf(type), value ?? null);
}

interface Column extends EntityColumn {
  readonly encode: Encode;
}

/** What PostgreSQL calls the types of columns whose values are sent in arrays. The others are text. */
const arrayTypes: Partial<Record<ColumnType, string>> = {
  boolean: 'boolean',
  double: 'float8',
  hundredths: 'int',
  id: 'uuid',
  integer: 'int',
  json: 'jsonb',
  smallint: 'smallint',
  instant: 'timestamptz',
};

/** A value in a list of values, which SQLite reads as JSON. */
function listed(value: unknown): unknown {
  if (value instanceof TypedValue) return listed(value.value);
  return value instanceof Date ? value.getTime() : value;
}

/** SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535. */
const mostParameters = 30_000;
/** Rows of one statement. */
const mostRows = 500;

type Values = Readonly<Record<string, unknown>>;

/** The statements of one table, compiled once for each set of columns: several times cheaper than flushing entities. */
export class TableWriter {
  readonly #dialect: Dialect;
  readonly #entity: EntityColumns;
  readonly #columns: readonly Column[];
  readonly #statements = new Map<string, string>();

  constructor(dialect: Dialect, entity: EntityColumns) {
    this.#dialect = dialect;
    this.#entity = entity;
    this.#columns = entity.columns.map((column) => ({ ...column, encode: encoderOf(column.type, dialect) }));
  }

  async insert(connection: Connection, rows: readonly Values[]): Promise<void> {
    const columns = this.#columns;
    const size = Math.min(mostRows, Math.floor(mostParameters / columns.length));
    const sent: Promise<unknown>[] = [];
    for (let first = 0; first < rows.length; first += size) {
      const chunk = rows.slice(first, first + size);
      const sql = this.#statement(`insert ${chunk.length}`, (slot) => {
        const tuples = chunk.map(() => `(${columns.map(() => slot()).join(', ')})`).join(', ');
        return `insert into ${this.#table} (${columns.map(({ name }) => `"${name}"`).join(', ')}) values ${tuples}`;
      });
      const values = chunk.flatMap((row) => columns.map(({ property, encode }) => encode(row[property])));
      sent.push(connection.execute(sql, values));
    }
    // All are sent before the caller sends anything else. Rows that refer to these may follow at once.
    await Promise.all(sent);
  }

  /** Adds rows by one statement, however many they are. Up to a few thousand rows, `insert` is faster. */
  async insertList(connection: Connection, rows: readonly Values[]): Promise<void> {
    const columns = this.#columns;
    const sql = this.#statement('insert list', (slot) => {
      const names = columns.map(({ name }) => `"${name}"`).join(', ');
      return `insert into ${this.#table} (${names}) select ${names} from ${this.#listOf(columns, slot)}`;
    });
    await connection.execute(sql, this.#list(columns, rows));
  }

  /**
   * Changes rows that get different values, and raises their version, by one statement. Answers how many there were.
   * @param rows all with the same properties: those of the key, and those that are changed
   */
  async updateList(connection: Connection, key: readonly string[], rows: readonly Values[]): Promise<number> {
    const columns = this.#named(rows[0] ?? {});
    const sql = this.#statement(`update list ${columns.map(({ name }) => name).join()} by ${key.join()}`, (slot) => {
      const [found, changed] = [true, false].map((isKey) =>
        columns.filter(({ property }) => key.includes(property) === isKey),
      );
      const set = changed?.map(({ name }) => `"${name}" = given."${name}"`) ?? [];
      const match = found?.map(({ name }) => `${this.#table}."${name}" = given."${name}"`) ?? [];
      if (this.#hasVersion) set.push(`"version" = ${this.#table}."version" + 1`);
      return `update ${this.#table} set ${set.join(', ')} from ${this.#listOf(columns, slot)} where ${match.join(' and ')} returning 1`;
    });
    return (await connection.execute(sql, this.#list(columns, rows))).rows.length;
  }

  /** The rows that `#list` binds, as a table. The statement is the same however many they are. */
  #listOf(columns: readonly Column[], slot: () => string): string {
    if (this.#dialect === 'postgresql') {
      const arrays = columns.map(({ type }) => `${slot()}::${arrayTypes[type] ?? 'text'}[]`);
      return `unnest(${arrays.join(', ')}) as given(${columns.map(({ name }) => `"${name}"`).join(', ')})`;
    }
    const read = columns.map(({ name, type }, at) =>
      type === 'id' ? `unhex(value ->> ${at}, '-') as "${name}"` : `value ->> ${at} as "${name}"`,
    );
    return `(select ${read.join(', ')} from json_each(${slot()})) as given`;
  }

  #list(columns: readonly Column[], rows: readonly Values[]): unknown[] {
    if (this.#dialect === 'postgresql')
      return columns.map(({ property, encode }) => rows.map((row) => encode(row[property])));
    const values = rows.map((row) => columns.map(({ property, encode }) => listed(encode(row[property]))));
    return [new TypedValue('text', values)];
  }

  /** Changes the rows that match, and raises their version. Answers how many there were. An array matches any of its values. */
  async update(connection: Connection, match: Values, changes: Values): Promise<number> {
    const set = this.#named(changes);
    const sql = this.#statement(`update ${Object.keys(changes).join()} ${this.#shapeOf(match)}`, (slot) => {
      const assigned = set.map(({ name }) => `"${name}" = ${slot()}`);
      if (this.#hasVersion) assigned.push('"version" = "version" + 1');
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
    return `"${this.#entity.table}"`;
  }

  get #hasVersion(): boolean {
    return this.#columns.some(({ name }) => name === 'version');
  }

  #shapeOf(match: Values): string {
    return Object.entries(match)
      .map(([name, value]) => `${name}${Array.isArray(value) ? '[]' : ''}`)
      .join();
  }

  #where(match: Values, slot: () => string): string {
    return this.#named(match)
      .map(({ property, name, type }) => {
        if (!Array.isArray(match[property])) return `"${name}" = ${slot()}`;
        if (this.#dialect === 'sqlite')
          return `"${name}" in (select ${listedValue[valueTypeOf(type)]} from json_each(${slot()}))`;
        return `"${name}" = any(${slot()}::${arrayTypes[type] ?? 'text'}[])`;
      })
      .join(' and ');
  }

  #parameters(match: Values): unknown[] {
    return this.#named(match).map(({ property, encode, type }) => {
      const value = match[property];
      if (!Array.isArray(value)) return encode(value);
      if (this.#dialect === 'postgresql') return value.map(encode);
      return new TypedValue(valueTypeOf(type), value);
    });
  }

  #named(values: Values): Column[] {
    return Object.keys(values).map((name) => {
      const column = this.#columns.find(({ property }) => property === name);
      if (!column) throw new Error(`${this.#entity.table} has no property ${name}.`);
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
