import type {
  EntityManager,
  EntityMetadata,
  EventSubscriber,
  FlushEventArgs,
  MikroORM,
  Options,
} from '@mikro-orm/core';
import { type Dialect as KyselyDialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { BareKysely, Dialect } from './engine.ts';
import { type DatabaseScope, ownColumn, ownerIn } from './scope.ts';
import type { Owning, TableDefinition } from './table.ts';

/**
 * Entities work inside a unit of work only, on its connection. Anything that would run outside of one is a mistake, and is
 * refused instead of being given a connection without walls.
 */
const noConnection: KyselyDialect = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createDriver: () => {
    const nothing = async () => {};
    const connection = {
      async executeQuery<Row>({ sql }: { sql: string }) {
        if (!sql.startsWith('pragma')) throw new Error('Entities work inside a unit of work only.');
        return { rows: [] as Row[] };
      },
      // oxlint-disable-next-line require-yield -- nothing here streams; the interface asks for it
      async *streamQuery<Row>(): AsyncIterableIterator<{ rows: Row[] }> {
        throw new Error('Entities work inside a unit of work only.');
      },
    };
    return {
      init: nothing,
      acquireConnection: async () => connection,
      beginTransaction: nothing,
      commitTransaction: nothing,
      rollbackTransaction: nothing,
      releaseConnection: nothing,
      destroy: nothing,
    };
  },
};

/** What a filter is told of the scope: whose rows there are, or that the door shows everybody's. */
interface FilterParams {
  id?: string;
  open?: boolean;
}

/** A filter for the tables whose rows belong by the same property: every entity carries one. */
interface OwnFilter {
  name: string;
  owning: Owning;
  /** Whether the doors load such entities. Nothing of a tenant is loaded outside of its organization. */
  doors: boolean;
  tables: TableDefinition[];
}

function filtersOf(definitions: readonly TableDefinition[]): OwnFilter[] {
  const filters = new Map<string, OwnFilter>();
  for (const table of definitions) {
    const { own: owning, kind } = table;
    if (!owning) continue;
    const name = `${kind} ${owning.is} ${owning.property}`;
    const found = filters.get(name) ?? { name, owning, doors: kind !== 'tenant', tables: [] };
    found.tables.push(table);
    filters.set(name, found);
  }
  return [...filters.values()];
}

/** Fails closed: without an owner in the scope nothing is loaded. */
function filterParams({ owning, doors }: OwnFilter, scope: DatabaseScope): FilterParams {
  if (scope.door !== 'request') return doors ? { open: true } : {};
  const id = ownerIn(owning, scope);
  return id === null ? {} : { id };
}

const condition =
  ({ owning }: OwnFilter) =>
  ({ id, open }: FilterParams) => {
    if (open) return {};
    if (id === undefined) throw new Error(`Entities of one ${owning.is} are loaded in its scope only.`);
    return { [owning.property]: id };
  };

interface GuardedScope {
  scope: DatabaseScope;
  tables: ReadonlyMap<string, TableDefinition>;
}

const guarded = new WeakMap<object, GuardedScope>();

/**
 * The flush guard: refuses to write a row of another organization or person, whatever the code above believed. References
 * need no guard of their own: each is a composite foreign key that contains the organization.
 */
class FlushGuard implements EventSubscriber {
  onFlush({ em, uow }: FlushEventArgs): void {
    const found = guarded.get(em);
    if (!found) throw new Error('Entities are flushed by a unit of work only.');
    const { scope, tables } = found;
    if (scope.door !== 'request') return;
    for (const change of uow.getChangeSets()) {
      const table = change.meta.tableName;
      const own = ownColumn(tables.get(table), scope);
      if (!own) throw new Error(`Refused to ${change.type} a row of ${table}: no request writes there.`);
      const before = (change.originalEntity as Record<string, unknown> | undefined)?.[own.column];
      const now = (change.entity as Record<string, unknown>)[own.column];
      if (now !== own.id || (before !== undefined && before !== own.id))
        throw new Error(`Refused to ${change.type} a row of ${table} that is not of this ${own.column}.`);
    }
  }
}

export interface EntityManagers {
  readonly metadata: readonly EntityMetadata[];
  /** A fresh identity map on the transaction's connection, filtered and guarded by the scope. */
  fork(connection: BareKysely, scope: DatabaseScope): EntityManager;
  close(): Promise<void>;
}

export function ormOptions(dialect: Dialect, tables: readonly TableDefinition[]): Partial<Options> {
  return {
    entities: tables.map((table) => table.entity),
    // The mapping is what the entities say; nothing is read from the file system.
    discovery: { warnWhenNoEntities: false },
    dbName: dialect === 'sqlite' ? ':memory:' : 'tenon',
    forceUtcTimezone: true,
    ensureDatabase: false,
    metadataCache: { enabled: false },
  };
}

async function initialize(dialect: Dialect, options: Partial<Options>): Promise<MikroORM> {
  if (dialect === 'sqlite') return (await import('@mikro-orm/sqlite')).MikroORM.init(options as never) as never;
  return (await import('@mikro-orm/postgresql')).MikroORM.init(options as never) as never;
}

/** Opens the entity side: no connection of its own, every manager is bound to the connection of a unit of work. */
export async function openEntityManagers(
  dialect: Dialect,
  definitions: readonly TableDefinition[],
): Promise<EntityManagers> {
  const tables = new Map(definitions.map((table) => [table.name, table]));
  const filters = filtersOf(definitions);
  const orm = await initialize(dialect, {
    ...ormOptions(dialect, definitions),
    driverOptions: noConnection,
    subscribers: [new FlushGuard()],
    filters: Object.fromEntries(
      filters.map((filter) => [
        filter.name,
        { entity: filter.tables.map(({ entity }) => entity.meta.className), cond: condition(filter), default: true },
      ]),
    ),
  });
  return {
    metadata: [...orm.getMetadata().getAll().values()],
    fork(connection, scope) {
      const em = orm.em.fork({ disableContextResolution: true });
      em.setTransactionContext(connection);
      for (const filter of filters) em.setFilterParams(filter.name, filterParams(filter, scope));
      guarded.set(em, { scope, tables });
      return em;
    },
    close: () => orm.close(true),
  };
}
