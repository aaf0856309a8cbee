import type { SelectQueryBuilder } from 'kysely';
import type { z } from 'zod';
import { type EventType, type NewEvent, recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { isUniqueViolation } from '../database/failures.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { refuseWhileReferredTo } from '../database/referrers.ts';
import type { NamedEntity, PropertyOf, Row, Tables } from '../database/schema.ts';
import type { TableDefinition } from '../database/table.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { subjectOf } from '../database/visibility.ts';
import type { NewRow } from '../database/writes.ts';
import { type Changes, diff, isEmpty } from '../kernel/changes.ts';
import type { DomainError, ErrorDetails } from '../kernel/errors.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Page } from '../kernel/schemas.ts';
import { type Filter, type ListInput, matching, readList } from './list.ts';
import { type Key, RecordReader } from './reader.ts';

type ErrorOf = (details?: ErrorDetails) => DomainError;
type Fields = Readonly<Record<string, unknown>>;

/** The declaration of a resource. */
export interface RecordOptions<Entity, Output extends z.ZodObject, Derived extends Fields> {
  /** The shape on the wire. Its fields are columns of the entity, people, and derived fields. */
  output: Output;
  /** The fields of `output` that are persons, each with the property that contains the user id. */
  people?: { [Field in keyof z.output<Output>]?: PropertyOf<Entity> };
  /** The events that the verbs record. Their schemas say which fields are tracked, and which data an event has. */
  events: { created?: EventType; updated?: EventType; deleted?: EventType };
  /** The property with the id of the entity that the events are about. For a link, this is its owner. @default the record's own id */
  about?: PropertyOf<Entity>;
  /** Derives values from the columns of a row: columns that sort it or make it unique, and fields of the output. */
  derived?: (row: Row<Entity>) => Derived;
  /** Thrown when the row does not exist, belongs to another organization, or is invisible. */
  missing: ErrorOf;
  /** Thrown when a unique index refuses the row. The error names the first of these fields that was written. */
  taken?: { error: ErrorOf; fields: readonly [PropertyOf<Entity>, ...PropertyOf<Entity>[]] };
  /** Thrown when a row cannot be deleted because other rows still refer to it. It receives their kinds: `Tasks and projects`. */
  inUse?: (kinds: string) => DomainError;
}

/** The properties that the verbs fill in. */
type Managed = 'version' | 'createdAt' | 'updatedAt' | 'deletedAt' | 'addedAt';
/** The properties that default to a new UUID, and to the organization and the user of the unit. */
type Defaulted = 'id' | 'organizationId' | 'createdById' | 'updatedById' | 'addedById';

/** The fields of a new row. Nullable properties may be left out. */
type NewFields<Entity, Derived> = Omit<NewRow<Entity>, Managed | Defaulted | keyof Derived> & {
  [Name in Defaulted]?: string;
};

/** New values of some fields. Undefined does not change a field, and null clears it. */
type Given<R> = { [Name in keyof R]?: R[Name] | undefined };

type Filters<Entity> = { readonly [Name in PropertyOf<Entity>]?: Filter };

interface LockOptions {
  /** Whether to find rows in the trash too. @default false */
  trash?: boolean;
  /** Whether to find rows that the principal does not see too. @default false */
  invisible?: boolean;
  /** Whether others may lock the rows in the same way, as `refer` does. @default false */
  share?: boolean;
}

/** Refuses an existing row, before its version is checked. */
type Check<Entity> = (row: Row<Entity>) => void | Promise<void>;

interface EventOptions {
  /** Null records no event. @default the event of the verb */
  event?: EventType | null;
  /**
   * Whether the unit may continue to its commit without waiting for this answer of the database (`unit.later`). Only for a single row.
   * @default false
   */
  later?: boolean;
  /** Data of the event in addition to the fields of the row. */
  data?: Fields;
  /** The tracked fields of new rows that are not columns: the same for all rows, or those of each row by its position. */
  tracked?: Fields | ((index: number) => Fields);
  parent?: { type: string; id: string };
  /** @default the organization of the unit */
  organizationId?: string | null;
  /** Null is the system. @default the principal's user */
  actorId?: string | null;
}

const pick = (row: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.filter((name) => name in row).map((name) => [name, row[name]]));

const given = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const onWire = (row: Fields): Fields =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : (value ?? null)]),
  );

/** A resource: one table with its shape on the wire, its events and errors, and the verbs that every service uses. */
export class Resource<
  Entity extends NamedEntity,
  Table extends string,
  Output extends z.ZodObject,
  Derived extends Fields,
> {
  readonly #table: TableDefinition<Entity>;
  readonly #options: RecordOptions<Entity, Output, Derived>;
  readonly #reader: RecordReader;

  constructor(table: TableDefinition<Entity>, options: RecordOptions<Entity, Output, Derived>) {
    this.#table = table;
    this.#options = options;
    this.#reader = new RecordReader(table.entity, options.output, options.people ?? {});
  }

  /** Selects the rows that are not in the trash. The filters of a list narrow the query. */
  from(db: Pick<ReadDoor, 'selectFrom'>): SelectQueryBuilder<Tables, Table & keyof Tables, object> {
    return this.#reader.from(db) as never;
  }

  /**
   * Reads one row in the shape of the wire.
   * @throws the record's `missing`
   */
  async get(db: ReadDoor, key: Key): Promise<z.output<Output>> {
    const found = await this.find(db, key);
    if (!found) throw this.#options.missing();
    return found;
  }

  async find(db: ReadDoor, key: Key): Promise<z.output<Output> | null> {
    const [row] = await this.#reader.read(db, key);
    return row ? this.show(row) : null;
  }

  /** Selects the columns that the wire shows, and the given others. */
  select<Name extends PropertyOf<Entity>>(query: ReturnType<typeof this.from>, ...others: readonly Name[]) {
    return this.#reader.select(query as never, others) as SelectQueryBuilder<
      Tables,
      Table & keyof Tables,
      Pick<Row<Entity>, Name | (keyof z.output<Output> & keyof Row<Entity>)>
    >;
  }

  /**
   * Converts a row to the shape of the wire.
   * @param others the fields of the output that are neither columns nor people of the record. @default the derived ones
   */
  show(row: Fields, others: Fields = this.#options.derived?.(row as Row<Entity>) ?? {}): z.output<Output> {
    return this.#reader.show(row, others) as z.output<Output>;
  }

  /**
   * Answers what a decision needs to know about a row, from the facts that the table declares.
   * @param people the user ids of its people, if the table has people. @default nobody
   */
  subject(row: Fields, people?: readonly string[]) {
    return subjectOf(this.#table, row, people);
  }

  /** Makes the answer of a mutation: a row that it has locked, added or changed, in the shape of the wire. */
  async answer(db: ReadDoor, row: Row<Entity>): Promise<z.output<Output>> {
    if (this.#options.people) return this.get(db, this.#reader.keyOf(row));
    return this.show(row);
  }

  /** Selects the rows that are not in the trash and pass the filters. An undefined filter is ignored. */
  matching(db: ReadDoor, filters: Filters<Entity>): ReturnType<typeof this.from> {
    return matching(db, this.#reader, filters) as never;
  }

  /** Reads a page of the rows that are not in the trash and pass the filters. */
  list(ctx: ServiceContext, input: ListInput, filters: Filters<Entity> = {}): Promise<Page<z.output<Output>>> {
    return read(ctx, (db) => this.page(ctx, db, input, this.matching(db, filters)));
  }

  /**
   * Reads a page of a narrowed query.
   * @param name the name of the list, to which cursors are bound. @default the name of the table
   * @param showAll shows the rows of the page, if the output has more than columns and people. @default show
   */
  page(
    ctx: ServiceContext,
    db: ReadDoor,
    input: ListInput,
    query: ReturnType<typeof this.from>,
    name?: string,
    showAll = async (rows: readonly Row<Entity>[]) => rows.map((row) => this.show(row)),
  ): Promise<Page<z.output<Output>>> {
    return readList(ctx, this.#reader, input, query as never, (rows) => showAll(rows as Row<Entity>[]), name);
  }

  /**
   * Reads a row that is within the walls and visible to the principal, and locks it until commit.
   * @throws the record's `missing`, what `check` throws, `version_conflict` when If-Match names another version
   */
  async lock(
    unit: Unit,
    key: Key,
    { check, trash = false }: LockOptions & { check?: Check<Entity> } = {},
  ): Promise<Row<Entity>> {
    const [found] = await this.#reader.read(unit.db, key, { lock: 'update', trash });
    if (!found) throw this.#options.missing();
    const row = found as Row<Entity>;
    await check?.(row);
    if (typeof row['version'] === 'number') unit.checkVersion({ version: row['version'] });
    return row;
  }

  /** Locks the rows with the given values, in the order of their keys. A list matches any of its values. */
  async lockMany(
    unit: Unit,
    match: Fields,
    { trash = false, invisible = false, share = false }: LockOptions = {},
  ): Promise<Row<Entity>[]> {
    const db = invisible ? unit.invisible : unit.db;
    return (await this.#reader.read(db, match, { lock: share ? 'share' : 'update', trash })) as Row<Entity>[];
  }

  /**
   * Locks a row for a new reference to it until commit, so that nobody deletes it or moves it to the trash meanwhile. If-Match does not
   * apply to it.
   * @param field the field of the input that names it, or the path to it
   * @throws the record's `missing`, or the given error, at the field
   */
  async refer(
    unit: Unit,
    id: string,
    field?: string | readonly string[],
    missing = this.#options.missing,
  ): Promise<Row<Entity>> {
    const [row] = await this.#reader.read(unit.db, id, { lock: 'share' });
    if (!row) throw missing(field === undefined ? {} : { field: [field].flat() });
    return row as Row<Entity>;
  }

  /** Adds a row, with its id, its audit columns and its event. */
  async add(unit: Unit, fields: NewFields<Entity, Derived>, options: EventOptions = {}): Promise<Row<Entity>> {
    const [row] = await this.addMany(unit, [fields], options);
    if (!row) throw new Error('A row was to be added.');
    return row;
  }

  async addMany(
    unit: Unit,
    rows: readonly NewFields<Entity, Derived>[],
    { event = this.#options.events.created, later, tracked, ...options }: EventOptions = {},
  ): Promise<Row<Entity>[]> {
    const trackedOf = (index: number) => (typeof tracked === 'function' ? tracked(index) : tracked);
    const added = rows.map((fields) =>
      this.#withDerived({ ...this.#reader.blank(unit, uuidv7()), ...onWire(given(fields)) }),
    );
    await this.#write(
      unit.insert(this.#table.entity, ...(added as never[])),
      Object.keys(rows[0] ?? {}),
      unit,
      event
        ? added.map((row, index) => this.#told(event, row, diff({}, { ...row, ...trackedOf(index) }), options))
        : [],
      later,
    );
    return added as Row<Entity>[];
  }

  /**
   * Changes the given fields: writes those that differ, raises the version once, and records one event. When nothing differs it does none
   * of this. Fields that are not columns, such as the ids of links, count as changes too, but the caller must write them.
   */
  async change<R extends Row<Entity>>(unit: Unit, row: R, fields: Given<R>, options: EventOptions = {}) {
    const [changed] = await this.changeMany(unit, [row], fields, options);
    return changed ?? { after: row, changes: {} };
  }

  /** Changes the given fields of many rows. Answers the rows that changed. */
  async changeMany<R extends Row<Entity>>(
    unit: Unit,
    rows: readonly R[],
    fields: Given<R> | ((row: R) => Given<R>),
    { event = this.#options.events.updated, later, ...options }: EventOptions = {},
  ): Promise<{ after: R; changes: Changes }[]> {
    const audit = this.#reader.audit(unit);
    const changed = rows.flatMap((row) => {
      const values = onWire(given(typeof fields === 'function' ? fields(row) : fields));
      const changes = diff(row, values);
      if (isEmpty(changes)) return [];
      const version = typeof row['version'] === 'number' ? { version: row['version'] + 1 } : {};
      const after = this.#withDerived({ ...row, ...pick(values, Object.keys(changes)), ...audit, ...version });
      return { row, changes, after };
    });
    await this.#write(
      this.#reader.update(unit, changed),
      Object.keys(changed[0]?.changes ?? {}),
      unit,
      event ? changed.map(({ after, changes }) => this.#told(event, after, changes, options)) : [],
      later,
    );
    return changed.map(({ after, changes }) => ({ after: after as R, changes }));
  }

  /**
   * Deletes a row permanently.
   * @throws the record's `inUse` when other rows still refer to it
   */
  remove(unit: Unit, row: Row<Entity>, options: EventOptions = {}): Promise<void> {
    return this.removeMany(unit, [row], options);
  }

  async removeMany(
    unit: Unit,
    rows: readonly Row<Entity>[],
    { event = this.#options.events.deleted, ...options }: EventOptions = {},
  ): Promise<void> {
    const { inUse } = this.#options;
    const ids = rows.map((row) => this.#reader.idOf(row));
    if (inUse) await refuseWhileReferredTo(unit, this.#table.entity, ids, inUse);
    await this.#reader.delete(unit, rows);
    if (event) await recordEvents(unit, ...rows.map((row) => this.#told(event, row, {}, options)));
  }

  #withDerived(row: Fields): Fields {
    return { ...row, ...this.#options.derived?.(row as Row<Entity>) };
  }

  /** Makes an event about a row, with the fields that its schemas name. */
  #told(event: EventType, row: Fields, changes: Changes, { data, ...options }: EventOptions): NewEvent {
    const told = { ...pick(row, Object.keys(event.data.shape)), ...data };
    const tracked = pick(changes, Object.keys(event.changes.shape)) as Changes;
    const id = this.#options.about ? String(row[this.#options.about]) : this.#reader.idOf(row);
    return event.about(id, { changes: tracked, data: told, ...options });
  }

  /** Writes rows together with their events. */
  async #write(
    written: Promise<unknown>,
    fields: readonly string[],
    unit: Unit,
    events: readonly NewEvent[],
    later = false,
  ): Promise<void> {
    const recorded = recordEvents(unit, ...events);
    const checked = this.#checked(written, fields, recorded);
    // Several statements are not all sent before the answer to the first arrives.
    if (later && events.length <= 1) unit.later(checked);
    else await checked;
  }

  async #checked(written: Promise<unknown>, fields: readonly string[], recorded: Promise<unknown>): Promise<void> {
    const { taken } = this.#options;
    // When PostgreSQL refuses the rows, it refuses the events as well, and that error may arrive first.
    await Promise.allSettled([written, recorded]);
    await written.catch((error: unknown) => {
      if (!taken || !isUniqueViolation(error)) throw error;
      const field = taken.fields.find((name) => fields.includes(name)) ?? taken.fields[0];
      throw taken.error({ field: [field], cause: error });
    });
    await recorded;
  }
}

/** Declares a resource. See `Resource` for its verbs. */
export const defineRecord = <
  Entity extends NamedEntity,
  Output extends z.ZodObject,
  Derived extends Fields = Record<never, never>,
>(
  table: TableDefinition<Entity>,
  options: RecordOptions<Entity, Output, Derived>,
): Resource<Entity, Entity['tableName'], Output, Derived> => new Resource(table, options);
