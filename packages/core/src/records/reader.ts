import { type SelectQueryBuilder, sql } from 'kysely';
import { z } from 'zod';
import { columnName } from '../database/columns.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { AnyEntity, Tables } from '../database/schema.ts';
import { anyOf } from '../database/sql.ts';
import { statementFamily } from '../database/statement.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { Changes } from '../kernel/changes.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A row by its id, or by the values of some properties. */
export type Key = string | Fields;

interface Shape {
  keys: readonly string[];
  /** The keys whose values are lists. */
  many: readonly string[];
  /** Whether to read rows in the trash too. */
  trash?: boolean;
  lock?: 'update' | 'share';
}

/** A changed row. */
interface Changed {
  row: Fields;
  after: Fields;
  changes: Changes;
}

/** The columns of `users` that a field of the output shows of a person, beside the id. */
function shownOfPerson(field: unknown): string[] {
  const person = field instanceof z.ZodNullable ? field.unwrap() : field;
  return person instanceof z.ZodObject ? Object.keys(person.shape).filter((name) => name !== 'id') : [];
}

/** Knows the columns of a record. It selects and shows rows, and finds them again to write them. */
export class RecordReader {
  readonly table: string;
  readonly #entity: AnyEntity;
  readonly #properties: ReadonlySet<string>;
  /** The primary key: the organization, the owner of a link, and the id. */
  readonly #key: readonly string[];
  readonly #idName: string;
  readonly #shown: readonly string[];
  readonly #people: Readonly<Record<string, { by: string; shown: readonly string[] }>>;

  constructor(entity: AnyEntity, output: z.ZodObject, people: Readonly<Record<string, string | undefined>>) {
    const { tableName, properties } = entity.meta;
    this.table = tableName;
    this.#entity = entity;
    this.#properties = new Set(Object.keys(properties));
    this.#key = Object.keys(properties).filter((name) => Reflect.get(properties, name)?.primary === true);
    this.#idName = this.#key.at(-1) ?? 'id';
    // An optional field is shown only on request: `include` adds it.
    this.#shown = Object.keys(output.shape).filter((field) => !(output.shape[field] instanceof z.ZodOptional));
    this.#people = Object.fromEntries(
      Object.entries(people).map(([field, by = '']) => [field, { by, shown: shownOfPerson(output.shape[field]) }]),
    );
  }

  has(property: string): boolean {
    return this.#properties.has(property);
  }

  isNullable(property: string): boolean {
    return Reflect.get(this.#entity.meta.properties, property)?.nullable === true;
  }

  /** The column of a property, for a query. */
  ref(property: string) {
    return sql.ref(`${this.table}.${columnName(property)}`);
  }

  get id() {
    return this.ref(this.#idName);
  }

  idOf(row: Fields): string {
    return String(row[this.#idName]);
  }

  /** The whole primary key of a row, which identifies it even where no wall names the organization. */
  keyOf(row: Fields): Fields {
    return Object.fromEntries(this.#key.map((name) => [name, row[name]]));
  }

  /** The rows that are not in the trash. */
  from(db: Pick<ReadDoor, 'selectFrom'>): Rows {
    const rows = this.#rows(db);
    return this.has('deletedAt') ? rows.where(this.ref('deletedAt'), 'is', null) : rows;
  }

  #rows(db: Pick<ReadDoor, 'selectFrom'>): Rows {
    // Only here is a table known at run time alone. The door adds the walls to every table, and these queries name no column literally.
    return db.selectFrom(this.table as 'users') as Rows;
  }

  /** Selects columns by their properties, by default all of them, together with the names of the people. */
  select(rows: Rows, others: readonly string[] = [...this.#properties]): SelectQueryBuilder<Tables, 'users', Fields> {
    let joined = rows;
    for (const [field, { by }] of Object.entries(this.#people))
      joined = joined.leftJoin(`users as ${field}`, (join) =>
        join.on(sql.ref(`${field}.id`), '=', this.ref(by)),
      ) as Rows;
    const properties = new Set([...this.#shown.filter((field) => this.has(field)), ...others]);
    const columns = [...properties].map((property) => this.ref(property).as(property));
    const names = Object.entries(this.#people).flatMap(([field, { shown }]) =>
      shown.map((name) => sql.ref(`${field}.${columnName(name)}`).as(`${field}.${name}`)),
    );
    return joined.select([...columns, ...names]);
  }

  readonly #statements = statementFamily<Shape, Fields, Fields>((db, values, dialect, { keys, many, trash, lock }) => {
    let rows = trash ? this.#rows(db) : this.from(db);
    for (const key of keys)
      rows = many.includes(key)
        ? rows.where(anyOf(dialect, `${this.table}.${columnName(key)}`, values[key] as string[]))
        : rows.where(this.ref(key), '=', values[key]);
    let selected = this.select(rows);
    // Always lock rows in the order of their keys.
    const loose = this.#key.filter((name) => !keys.includes(name) || many.includes(name));
    if (loose.some((name) => name !== 'organizationId'))
      for (const name of loose) selected = selected.orderBy(this.ref(name));
    // SQLite has only one writer, so rows need no locks there.
    if (!lock || dialect === 'sqlite') return selected;
    return lock === 'update' ? selected.forUpdate(this.table as 'users') : selected.forShare(this.table as 'users');
  });

  /** Reads the row with an id, or all rows with the given values. A list matches any of its values. */
  read(db: ReadDoor, key: Key, how: Pick<Shape, 'trash' | 'lock'> = {}): Promise<Fields[]> {
    const values = typeof key === 'string' ? { [this.#idName]: key } : key;
    const keys = Object.keys(values);
    return db.run(this.#statements({ keys, many: keys.filter((name) => Array.isArray(values[name])), ...how }), values);
  }

  /** Compiles the function that shows a row. An object literal is ten times as fast as an object that a loop fills. */
  #compileShow(): (row: Fields, others: Fields) => Fields {
    const members = this.#shown.map((field) => {
      const name = JSON.stringify(field);
      const person = this.#people[field];
      if (person === undefined) return `${name}: ${this.has(field) ? 'row' : 'others'}[${name}]`;
      const id = `row[${JSON.stringify(person.by)}]`;
      const shown = person.shown.map((of) => `${of}: row[${JSON.stringify(`${field}.${of}`)}]`);
      return `${name}: ${id} === null ? null : { ${[`id: ${id}`, ...shown].join(', ')} }`;
    });
    // oxlint-disable-next-line typescript/no-implied-eval -- the code contains only field names of our own schemas
    return new Function('row', 'others', `return { ${members.join(', ')} }`) as (row: Fields, others: Fields) => Fields;
  }

  #show: ((row: Fields, others: Fields) => Fields) | undefined;

  /** Converts a row that `select` has read to the shape of the wire. */
  show(row: Fields, others: Fields = {}): Fields {
    this.#show ??= this.#compileShow();
    return this.#show(row, others);
  }

  /** The initial columns of every new row. */
  blank(unit: Unit, id: string): Fields {
    const { organizationId, userId } = unit.scope;
    const row = {
      organizationId,
      id,
      version: 1,
      createdAt: unit.now.toISOString(),
      createdById: userId,
      addedAt: unit.now.toISOString(),
      addedById: userId,
      ...this.audit(unit),
    };
    return Object.fromEntries([...this.#properties].map((name) => [name, Reflect.get(row, name) ?? null]));
  }

  /** The columns that say who changed a row last. A unit without a user keeps the person that they name. */
  audit(unit: Unit): Fields {
    const { userId } = unit.scope;
    const audit = { updatedAt: unit.now.toISOString(), ...(userId !== null && { updatedById: userId }) };
    return Object.fromEntries(Object.entries(audit).filter(([name]) => this.has(name)));
  }

  /**
   * Writes changed rows. One statement writes all rows that get the same values. When there are many such groups, one statement writes all
   * rows.
   */
  async update(unit: Unit, changed: readonly Changed[]): Promise<void> {
    const groups = new Map<string, { values: Fields; rows: Fields[] }>();
    const all = new Set<string>();
    for (const { row, after } of changed) {
      const written = [...this.#properties].filter((name) => name !== 'version' && after[name] !== row[name]);
      for (const name of written) all.add(name);
      const values = Object.fromEntries(written.map((name) => [name, after[name]]));
      const key = JSON.stringify(values);
      const group = groups.get(key);
      if (group) group.rows.push(row);
      else groups.set(key, { values, rows: [row] });
    }
    if (groups.size > mostGroups) return this.#updateList(unit, changed, [...all]);
    for (const { values, rows } of groups.values())
      await this.#each(rows, (match) => unit.update(this.#entity, match, values));
  }

  /** Writes the same properties of all rows, in the order of the entity. The rows are locked, so unchanged values can be written again. */
  async #updateList(unit: Unit, changed: readonly Changed[], properties: readonly string[]): Promise<void> {
    const written = [...this.#properties].filter((name) => this.#key.includes(name) || properties.includes(name));
    for (let first = 0; first < changed.length; first += mostRows) {
      const rows = changed
        .slice(first, first + mostRows)
        .map(({ after }) => Object.fromEntries(written.map((name) => [name, after[name]])));
      this.#expectAll(await unit.updateList(this.#entity, this.#key, rows), rows);
    }
  }

  async delete(unit: Unit, rows: readonly Fields[]): Promise<void> {
    await this.#each(rows, (match) => unit.delete(this.#entity, match));
  }

  /** Runs a statement for rows by their keys: once for all rows whose keys differ in only one part. */
  async #each(rows: readonly Fields[], run: (match: Fields) => Promise<number>): Promise<void> {
    const differences = (name: string) => new Set(rows.map((row) => row[name])).size;
    // The links of one team differ in their users. Those of one user differ in their teams.
    const [varying = this.#idName, ...same] = this.#key.toSorted((a, b) => differences(b) - differences(a));
    const groups = Map.groupBy(rows, (row) => JSON.stringify(same.map((name) => row[name])));
    for (const group of groups.values())
      for (let first = 0; first < group.length; first += mostRows) {
        const ids = group.slice(first, first + mostRows).map((row) => row[varying]);
        const match = { ...this.keyOf(group[0] ?? {}), [varying]: ids.length === 1 ? ids[0] : ids };
        this.#expectAll(await run(match), ids);
      }
  }

  #expectAll(count: number, { length }: readonly unknown[]): void {
    if (count !== length) throw new Error(`A row of ${this.table} that was locked has gone.`);
  }
}

/** The number of rows in one statement. */
const mostRows = 500;
/** Up to this many groups of rows with the same new values are written with one statement each. */
const mostGroups = 4;

/** A query on the table of a record. */
type Rows = SelectQueryBuilder<Tables, 'users', object>;
