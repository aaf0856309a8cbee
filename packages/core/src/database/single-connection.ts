import { type DatabaseConnection, type Dialect, type Driver, Kysely } from 'kysely';
import type { BareKysely, Connection } from './engine.ts';

/** Makes the connection of an engine, with a Kysely that runs everything on it. The engine begins and ends the transactions. */
export function connectionOf(dialect: Omit<Dialect, 'createDriver'>, execute: Connection['execute']): Connection {
  const connection: DatabaseConnection = {
    async executeQuery({ sql, parameters }) {
      const { columns, rows, written } = await execute(sql, parameters);
      const named = rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
      return { rows: named as never[], numAffectedRows: BigInt(written) };
    },
    // oxlint-disable-next-line require-yield -- nothing streams; the interface asks for it
    async *streamQuery() {
      throw new Error('Streaming is not used.');
    },
  };
  const nothing = async () => {};
  const driver: Driver = {
    init: nothing,
    acquireConnection: async () => connection,
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    releaseConnection: nothing,
    destroy: nothing,
  };
  let kysely: BareKysely | undefined;
  return {
    execute,
    get kysely() {
      // Made on demand, because most work only runs compiled statements.
      return (kysely ??= new Kysely({ dialect: { ...dialect, createDriver: () => driver } }));
    },
  };
}
