import type { Configuration } from '@mikro-orm/core';
import { type DatabaseTable, SqliteDriver, SqlitePlatform, SqliteSchemaHelper } from '@mikro-orm/sqlite';
import type { TableDefinition } from '../table.ts';

/** Adds `without rowid`, which MikroORM cannot declare. */
class SchemaHelper extends SqliteSchemaHelper {
  readonly #withoutRowid: ReadonlySet<string>;

  constructor(platform: SqlitePlatform, withoutRowid: ReadonlySet<string>) {
    super(platform);
    this.#withoutRowid = withoutRowid;
  }

  override createTable(table: DatabaseTable, alter?: boolean): string[] {
    const [create = '', ...rest] = super.createTable(table, alter);
    return [this.#withoutRowid.has(table.name) ? create.replace(/;$/, ' without rowid;') : create, ...rest];
  }
}

/** Makes the driver of migrations. It creates a table `without rowid` when the table is declared so. */
export function sqliteDriver(tables: readonly TableDefinition[]): typeof SqliteDriver {
  const withoutRowid = new Set(tables.filter((table) => table.withoutRowid).map(({ name }) => name));
  class Platform extends SqlitePlatform {
    protected override readonly schemaHelper: SqliteSchemaHelper = new SchemaHelper(this, withoutRowid);
  }
  return class extends SqliteDriver {
    protected override platform: SqlitePlatform;

    constructor(config: Configuration) {
      super(config);
      this.platform = new Platform();
    }
  };
}
