import { inspect, isDeepStrictEqual } from 'node:util';
import { onePer } from '../kernel/per.ts';
import type { Database } from './database.ts';
import { RecentCache } from './recent-cache.ts';
import type { NamedEntity, PropertyOf } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Rows that a unit has added, changed or deleted. */
export interface Written {
  readonly table: string;
  /** New rows, or the values by which rows were found. */
  readonly rows: readonly Fields[];
  /** The changed properties. Null: whole rows were added or deleted. */
  readonly changed: readonly string[] | null;
}

/** How a written row names the cached values that were read from it: by their key, or by ids that are in the values. */
type Names<Value> = 'key' | ((value: Value) => readonly string[]);

interface Source<Value> {
  readonly by: Readonly<Record<string, Names<Value> | undefined>>;
  readonly reads: readonly string[] | null;
}

interface CacheOptions<Value> {
  /** How many values are kept for one database. @default 10,000 */
  most?: number;
  /** Reads a value again, so that tests can compare it. For values that are filled after their load. @default load */
  reread?: (database: Database, key: string, value: Value) => Promise<Value | null>;
}

const mostValues = 10_000;

interface AnyRowCache {
  forgetAll(database: Database): void;
  forgetWritten(database: Database, written: readonly Written[]): void;
  stale(database: Database): Promise<string[]>;
}

const caches: AnyRowCache[] = [];
const cachedTables = new Set<string>();

/** Whether cached values are read from a table. */
export const isCached = (table: string): boolean => cachedTables.has(table);

/** Drops what this process has cached from rows that have been written. */
export function forgetWritten(database: Database, written: readonly Written[]): void {
  if (written.length > 0) for (const cache of caches) cache.forgetWritten(database, written);
}

/** Drops everything that this process has cached of a database. A test begins with it, so that it looks only at what it has cached itself. */
export function forgetAll(database: Database): void {
  for (const cache of caches) cache.forgetAll(database);
}

/** Returns all cached values that differ from the database, each after its key. Tests expect none after a mutation. */
export const staleValues = async (database: Database): Promise<string[]> =>
  (await Promise.all(caches.map((cache) => cache.stale(database)))).flat();

/**
 * Caches what was read from some tables, for each database of the process. A unit that writes to one of them drops the values that
 * the rows concern when it commits, so no service has to. Other processes notice when the value has reached its age.
 */
export class RowCache<Value> implements AnyRowCache {
  readonly #cacheOf: (database: Database) => RecentCache<Value>;
  readonly #load: (database: Database, key: string) => Promise<Value | null>;
  readonly #reread: (database: Database, key: string, value: Value) => Promise<Value | null>;
  readonly #sources = new Map<string, Source<Value>>();

  /**
   * @param ageMs how old a value may be
   * @param load reads the value of a key; null when it is missing
   */
  constructor(
    ageMs: number,
    load: (database: Database, key: string) => Promise<Value | null>,
    { most = mostValues, reread = load }: CacheOptions<Value> = {},
  ) {
    this.#cacheOf = onePer(() => new RecentCache<Value>(most, ageMs));
    this.#load = load;
    this.#reread = reread;
    caches.push(this);
  }

  /**
   * Declares a table that the values are read from.
   * @param by the properties by which a row names values, the most exact first. A write that gives none of them drops all values
   * @param reads the properties that are read. @default all
   */
  readFrom<Entity extends NamedEntity>(
    { meta: { tableName } }: Entity,
    by: { readonly [Name in PropertyOf<Entity>]?: Names<Value> },
    reads: readonly PropertyOf<Entity>[] | null = null,
  ): this {
    this.#sources.set(tableName, { by, reads });
    cachedTables.add(tableName);
    return this;
  }

  get(database: Database, key: string, now: Date): Promise<Value | null> {
    return this.#cacheOf(database).get(key, now, () => this.#load(database, key));
  }

  /** Drops one value. */
  forget(database: Database, key: string): void {
    this.#cacheOf(database).delete(key);
  }

  forgetAll(database: Database): void {
    this.#cacheOf(database).deleteWhere(() => true);
  }

  forgetWritten(database: Database, written: readonly Written[]): void {
    for (const { table, rows, changed } of written) {
      const source = this.#sources.get(table);
      if (!source || (changed && source.reads && !source.reads.some((name) => changed.includes(name)))) continue;
      for (const [name, ids] of idsByName(source, rows)) this.#forget(database, source.by[name], ids);
    }
  }

  #forget(database: Database, names: Names<Value> | undefined, ids: ReadonlySet<unknown>): void {
    const cache = this.#cacheOf(database);
    if (names === undefined) cache.deleteWhere(() => true);
    else if (names === 'key') for (const id of ids) cache.delete(String(id));
    else cache.deleteWhere((value) => names(value).some((id) => ids.has(id)));
  }

  async stale(database: Database): Promise<string[]> {
    const found: string[] = [];
    for (const [key, value] of this.#cacheOf(database).values())
      if (!isDeepStrictEqual(value, await this.#reread(database, key, value))) found.push(`${key} ${inspect(value)}`);
    return found;
  }
}

/** The ids that written rows give, by the property that names values most exactly. The name is empty when a row gives none. */
function idsByName({ by }: Source<never>, rows: readonly Fields[]): Map<string, Set<unknown>> {
  const found = new Map<string, Set<unknown>>();
  for (const row of rows) {
    const name = Object.keys(by).find((one) => row[one] !== undefined) ?? '';
    const ids = found.get(name) ?? new Set();
    for (const id of [row[name]].flat()) ids.add(id);
    found.set(name, ids);
  }
  return found;
}
