import type { UnknownRow } from 'kysely';
import type { Dialect, RawRows } from './engine.ts';
import type { ColumnType, EntityColumns } from './entity-columns.ts';
import { isoOf } from './instants.ts';

type Decode = (value: unknown) => unknown;

/** PostgreSQL writes `2026-01-31 09:00:00.12+00`; everything speaks UTC and keeps milliseconds. */
function isoFromPostgres(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const digits = value.length - '2026-01-31 09:00:00.+00'.length;
  const fraction = digits > 0 ? value.slice(20, 20 + Math.min(digits, 3)).padEnd(3, '0') : '000';
  return `${value.slice(0, 10)}T${value.slice(11, 19)}.${fraction}Z`;
}

/** How the values of a column are decoded, for each type that is not answered as the database has it. */
export const decoders = {
  instant: {
    sqlite: (value) => (typeof value === 'number' ? isoOf(value) : value),
    postgresql: isoFromPostgres,
  },
  hundredths: {
    sqlite: (value) => (typeof value === 'number' ? value / 100 : value),
    postgresql: (value) => (typeof value === 'number' ? value / 100 : value),
  },
  json: {
    sqlite: (value) => (typeof value === 'string' ? (JSON.parse(value) as unknown) : value),
    postgresql: (value) => value,
  },
  boolean: {
    sqlite: (value) => (typeof value === 'number' ? value !== 0 : value),
    postgresql: (value) => value,
  },
} satisfies Partial<Record<ColumnType, Record<Dialect, Decode>>>;

type DecodedType = keyof typeof decoders;

const isDecoded = (type: ColumnType): type is DecodedType => type in decoders;

/** The types that codecs know, by the names of columns and of properties. Null means text or a number, which needs no codec. */
export type ColumnTypes = ReadonlyMap<string, DecodedType | 'id' | null>;

/**
 * Reads the type of each column name. A name has one type in every table.
 * @throws when a table breaks this rule
 */
export function columnTypesOf(entities: Iterable<EntityColumns>): ColumnTypes {
  const types = new Map<string, DecodedType | 'id' | null>();
  for (const { table, columns } of entities) {
    for (const { property, name: column, type } of columns) {
      const known = type === 'id' || isDecoded(type) ? type : null;
      for (const name of [property, column]) {
        if (types.has(name) && types.get(name) !== known)
          throw new Error(`Column ${table}.${name} has another type than a column of the same name elsewhere.`);
        types.set(name, known);
      }
    }
  }
  return types;
}

type RowReader = (row: readonly unknown[]) => Record<string, unknown>;

/**
 * Compiles the function that makes an object of a row: an object literal is made ten times as fast as an object that is filled
 * member by member. The names are those of our own statements, and stand in it as JSON.
 */
function rowReader(columns: readonly string[], decoderOf: (column: string) => Decode | undefined): RowReader {
  const decoders = columns.map(decoderOf);
  const members = columns.map((column, at) => {
    const value = decoders[at] ? `row[${at}] === null ? null : decoders[${at}](row[${at}])` : `row[${at}]`;
    return `${JSON.stringify(column)}: ${value}`;
  });
  // oxlint-disable-next-line typescript/no-implied-eval -- what it is made of comes from our own statements
  const make = new Function('decoders', `return (row) => ({ ${members.join(', ')} })`) as (some: unknown) => RowReader;
  return make(decoders);
}

/**
 * Turns what the database answers into what the schemas say, by the name of the result's column.
 */
export class ReadCodecs {
  readonly #decoders = new Map<string, Decode>();
  /** By their columns. The statements of the code are few, and so are these. */
  readonly #readers = new Map<string, RowReader>();

  constructor(dialect: Dialect, types: ColumnTypes) {
    for (const [name, type] of types)
      if (type !== null && type !== 'id') this.#decoders.set(name, decoders[type][dialect]);
  }

  /** Makes objects of rows, decoded. */
  read({ columns, rows }: RawRows): Record<string, unknown>[] {
    const key = columns.join();
    let reader = this.#readers.get(key);
    if (!reader) {
      reader = rowReader(columns, (column) => this.#decoders.get(column));
      this.#readers.set(key, reader);
    }
    return rows.map(reader);
  }

  /** Decodes in place. */
  decode(rows: readonly UnknownRow[]): void {
    const first = rows[0];
    if (!first) return;
    for (const name of Object.keys(first)) {
      const decode = this.#decoders.get(name);
      if (!decode) continue;
      for (const row of rows) {
        const value = row[name];
        if (value !== null) row[name] = decode(value);
      }
    }
  }
}
