import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Principal, Visibility } from '../kernel/principal.ts';
import { type ColumnTypes, columnTypesOf, ReadCodecs } from './codecs.ts';
import { Door, type DoorParts, type ReadDoor } from './door.ts';
import type { Connection, Engine } from './engine.ts';
import { isConflict, isFull, translateFailure } from './failures.ts';
import { notMigrated, refuseOtherVersion } from './migration-state.ts';
import { columnsOf, type EntityColumns } from './entity-columns.ts';
import type { PostgresLimits } from './postgresql-engine.ts';
import type { DatabaseScope } from './scope.ts';
import { type Later, sendingTogether } from './sent-statements.ts';
import type { Synchronous } from './sqlite-engine.ts';
import { toStartError } from './start-failures.ts';
import type { TableDefinition } from './table.ts';
import { openingPermissions } from './visibility.ts';
import { TableWriter } from './writes.ts';

export interface DatabaseOptions {
  /** `file:PATH` or a path for SQLite, `postgres://…` for PostgreSQL. */
  url: string;
  tables: readonly TableDefinition[];
  /** What the principal may see under a permission; `access/` decides it. */
  visibility: (principal: Principal, permission: string) => Visibility;
  /** Whether a permission opens closed places to the principal; `access/` decides it. @default to nobody */
  opensClosed?: (principal: Principal, permission: string) => boolean;
  postgres?: Partial<PostgresLimits>;
  /** What a commit of SQLite survives. @default 'normal' */
  synchronous?: Synchronous;
  onConnectionError?: (error: Error) => void;
}

/** The connection of one write transaction, behind the walls of its scope. */
export interface WriteConnection {
  readonly db: Door;
  /** The same rows, whether the principal sees them or not. */
  readonly invisible: Door;
  readonly later: Later;
  /** Runs a statement that was compiled once. Only for `database/`: it has no walls of its own. */
  readonly bare: Connection;
}

/** The database of a platform: engine, entities and walls together. */
export interface Database {
  readonly engine: Engine;
  readonly tables: ReadonlyMap<string, TableDefinition>;
  /** The columns of each table, by its name. */
  readonly entities: ReadonlyMap<string, EntityColumns>;
  /** The compiled writes of each table, by its name. */
  readonly writers: ReadonlyMap<string, TableWriter>;
  read<T>(scope: DatabaseScope, work: (db: ReadDoor) => Promise<T>): Promise<T>;
  /**
   * Runs a transaction, again when it loses a conflict with another one: `work` may run several times, each time from the start.
   * @throws `database_busy`, `database_unavailable`, `storage_full`
   */
  write<T>(scope: DatabaseScope, work: (connection: WriteConnection) => Promise<T>): Promise<T>;
  /** Whether the disk had no room for the latest write. */
  isFull(): boolean;
  close(): Promise<void>;
}

/** Of one transaction. */
const mostAttempts = 5;

export const isPostgresUrl = (url: string): boolean => /^postgres(ql)?:\/\//.test(url);

/** The file of a SQLite URL: `file:./data/tenon.db`, `sqlite:…` or a bare path. */
export const sqliteFile = (url: string): string => url.replace(/^(file|sqlite):(\/\/)?/, '');

/** Loads the driver of one database only. */
async function openEngine(
  { url, postgres, synchronous, onConnectionError }: DatabaseOptions,
  types: ColumnTypes,
): Promise<Engine> {
  try {
    if (isPostgresUrl(url)) {
      const { openPostgres } = await import('./postgresql-engine.ts');
      return await openPostgres({
        url,
        ...(postgres && { limits: postgres }),
        ...(onConnectionError && { onConnectionError }),
      });
    }
    const file = sqliteFile(url);
    if (!existsSync(file)) throw notMigrated();
    const typeOf = (column: string) => {
      const type = types.get(column);
      return type === 'id' ? 'id' : type === null ? 'text' : undefined;
    };
    const { openSqlite } = await import('./sqlite-engine.ts');
    return await openSqlite(file, typeOf, synchronous);
  } catch (error) {
    throw toStartError(error, url);
  }
}

/**
 * Opens a migrated database.
 * @throws StartError when it cannot be used, was not migrated, or belongs to a newer version
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const entities = new Map(options.tables.map((table) => [table.name, columnsOf(table.entity)]));
  const types = columnTypesOf(entities.values());
  const engine = await openEngine(options, types);
  try {
    await refuseOtherVersion(engine);
  } catch (error) {
    await engine.close();
    throw toStartError(error, options.url);
  }
  const tables = new Map(options.tables.map((table) => [table.name, table]));
  const codecs = new ReadCodecs(engine.dialect, types);

  const parts: DoorParts = {
    dialect: engine.dialect,
    tables,
    codecs,
    permissions: [...new Set(options.tables.flatMap(({ visibility }) => (visibility ? [visibility.permission] : [])))],
    visibility: ({ principal }, permission) => (principal ? options.visibility(principal, permission) : 'none'),
    opening: openingPermissions(tables),
    opened: ({ principal }, permission) =>
      principal !== null && (options.opensClosed?.(principal, permission) ?? false),
    compiled: new WeakMap(),
    signatures: new WeakMap(),
  };
  const open = (connection: Connection, scope: DatabaseScope) => new Door(connection, scope, parts);

  /** Tries a transaction again while others win against it. */
  async function retrying<T>(transaction: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transaction();
      } catch (error) {
        if (!isConflict(error) || attempt >= mostAttempts) throw error;
        await delay(10 * attempt * Math.random());
      }
    }
  }

  const translated = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw translateFailure(error);
    });

  let full = false;
  const noting = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const result = await work;
      full = false;
      return result;
    } catch (error) {
      full ||= isFull(error);
      throw error;
    }
  };

  return {
    engine,
    tables,
    entities,
    writers: new Map([...entities].map(([name, entity]) => [name, new TableWriter(engine.dialect, entity)])),
    read: (scope, work) => translated(engine.read(scope, (connection) => work(open(connection, scope)))),
    write: (scope, work) =>
      translated(
        noting(
          retrying(() =>
            engine.write(scope, (connection) =>
              sendingTogether(connection, (later) =>
                work({
                  db: open(connection, scope),
                  invisible: open(connection, { ...scope, principal: null }),
                  later,
                  bare: connection,
                }),
              ),
            ),
          ),
        ),
      ),
    isFull: () => full,
    close: () => engine.close(),
  };
}
