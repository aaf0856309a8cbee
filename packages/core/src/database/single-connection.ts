import { type DatabaseConnection, type Dialect, type Driver, Kysely } from 'kysely';
import type { BareKysely } from './engine.ts';

/** A Kysely that runs everything on the one connection; who may use it when, and in which transaction, is the engine's business. */
export function bind(connection: DatabaseConnection, dialect: Omit<Dialect, 'createDriver'>): BareKysely {
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
  return new Kysely({ dialect: { ...dialect, createDriver: () => driver } });
}
