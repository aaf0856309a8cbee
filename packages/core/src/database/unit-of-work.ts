import {
  type EntityManager,
  type EntityMetadata,
  type EntitySchema,
  type InferEntity,
  LockMode,
} from '@mikro-orm/core';
import { type DomainError, errors } from '../kernel/errors.ts';
import type { EventSummary, MutationRequest } from '../kernel/mutation.ts';
import type { ServiceContext } from './context.ts';
import type { Database, WriteConnection } from './database.ts';
import type { Door } from './door.ts';
import { claimKey, keepAnswer } from './idempotency.ts';
import { insertRows, type NewRow } from './inserts.ts';
import { type DatabaseScope, ownColumn, requestScope } from './scope.ts';
import { updateRow } from './updates.ts';

/** An entity that carries a version, as `versioned` checks it. */
interface Versioned {
  version: number;
}

/**
 * One transaction of changes. Entity changes, added rows, events and jobs commit together or not at all. Inside, only the
 * database is awaited: hash, mail and call before or after.
 */
export class Unit {
  readonly ctx: ServiceContext;
  /** The instant of the whole mutation. */
  readonly now: Date;
  /** Reads see the unit's own changes; updates and deletes stay within the walls. */
  readonly db: Door;
  /** What a dry run shows. */
  readonly events: EventSummary[] = [];
  readonly scope: DatabaseScope;
  readonly #connection: WriteConnection;
  #em: EntityManager | undefined;
  readonly #afterCommit: (() => void)[] = [];
  readonly #ifMatch: MutationRequest['ifMatch'];

  constructor(ctx: ServiceContext, connection: WriteConnection, scope: DatabaseScope) {
    this.ctx = ctx;
    this.now = ctx.clock.now();
    this.db = connection.db;
    this.scope = scope;
    this.#connection = connection;
    this.#ifMatch = ctx.mutation?.ifMatch ?? null;
  }

  /** Made when it is first asked for: many units use no entity. */
  get em(): EntityManager {
    this.#em ??= this.#connection.entities();
    return this.#em;
  }

  /** Writes what has changed in loaded entities. */
  async flush(): Promise<void> {
    await this.#em?.flush();
  }

  /** Adds rows beside the entities, by one compiled statement. */
  insert<Entity extends EntitySchema>(entity: Entity, ...rows: NewRow<Entity>[]): Promise<void> {
    const metadata = this.#metadataOf(entity);
    this.#refuseForeign(metadata.tableName, rows);
    return insertRows<Entity>(this.#connection.bare, this.ctx.database.engine.dialect, metadata, rows);
  }

  /**
   * Changes columns of a row of the organization that was read with this version, and raises the version, by one compiled
   * statement: for rows that change too often to be loaded as entities.
   * @throws `version_conflict` when it has another version by now
   */
  async update<Entity extends EntitySchema>(
    entity: Entity,
    row: { id: string; version: number },
    changes: Partial<NewRow<Entity>>,
  ): Promise<void> {
    if ('organizationId' in changes) throw new Error(`Refused to give away a row of ${entity.meta.tableName}.`);
    const { organizationId } = this.scope;
    const at = { organizationId, id: row.id, version: row.version };
    const { dialect } = this.ctx.database.engine;
    const changed = await updateRow(this.#connection.bare, dialect, this.#metadataOf(entity), at, changes);
    if (!changed) throw errors.version_conflict();
  }

  #metadataOf(entity: EntitySchema): EntityMetadata {
    const { tableName, className } = entity.meta;
    const found = this.ctx.database.entities.metadata.find((known) => known.tableName === tableName);
    if (!found) throw new Error(`Entity ${className} is not declared.`);
    return found;
  }

  /** The flush guard of added rows. */
  #refuseForeign(table: string, rows: readonly Record<string, unknown>[]): void {
    if (this.scope.door !== 'request') return;
    const own = ownColumn(this.ctx.database.tables.get(table), this.scope);
    if (!own) throw new Error(`Refused to add a row of ${table}: no request writes there.`);
    if (rows.some((row) => row[own.column] !== own.id))
      throw new Error(`Refused to add a row of ${table} that is not of this ${own.column}.`);
  }

  /**
   * Loads an entity to change it, locked until commit.
   * @throws the given error when it is missing or another tenant's
   */
  async load<Entity extends EntitySchema>(
    entity: Entity,
    where: Record<string, unknown>,
    missing: () => DomainError,
  ): Promise<InferEntity<Entity>> {
    // `for update` exists on PostgreSQL only; SQLite has one writer.
    const lock =
      this.ctx.database.engine.dialect === 'postgresql' ? { lockMode: LockMode.PESSIMISTIC_WRITE as const } : {};
    const found: unknown = await this.em.findOne(entity, where, lock);
    if (!found) throw missing();
    return found as InferEntity<Entity>;
  }

  /**
   * Checks If-Match against the target of the mutation: after its existence, before any rule.
   * @throws `version_conflict`
   */
  checkVersion(target: Versioned): void {
    if (typeof this.#ifMatch === 'number' && this.#ifMatch !== target.version) throw errors.version_conflict();
  }

  /** Runs once the changes are durable: to wake a runner, to drop a cache. Never to write. */
  afterCommit(effect: () => void): void {
    this.#afterCommit.push(effect);
  }

  committed(): void {
    for (const effect of this.#afterCommit) effect();
  }
}

/** Carries a dry run's result out of the transaction that it rolls back. */
class DryRun<T> extends Error {
  readonly result: T;
  constructor(result: T) {
    super('dry run');
    this.result = result;
  }
}

/** Runs a unit of work in any scope. Services use `mutate`; the doors use this. */
export async function inUnit<T>(
  ctx: ServiceContext,
  database: Database,
  scope: DatabaseScope,
  work: (unit: Unit) => Promise<T>,
): Promise<T> {
  let unit: Unit | undefined;
  const result = await database.write(scope, async (connection) => {
    unit = new Unit(ctx, connection, scope);
    const answer = await work(unit);
    await unit.flush();
    return answer;
  });
  unit?.committed();
  return result;
}

/**
 * Runs a mutation: one transaction, with the three mutation headers of the request. What `work` returns is the answer of the
 * operation: it is what an Idempotency-Key replays. An organization is created, and an invitation accepted, inside the
 * organization that they concern: `organizationId`.
 * @throws `idempotency_key_reused`, `idempotency_in_progress`, `idempotency_secret_already_shown`, `version_conflict`
 */
export async function mutate<T>(
  ctx: ServiceContext,
  work: (unit: Unit) => Promise<T>,
  organizationId: string | null = ctx.principal?.organizationId ?? null,
): Promise<T> {
  return mutateIn(ctx, { ...requestScope(ctx.principal), organizationId }, work);
}

/** The same in any scope. Services use `mutate`; the doors use this. */
export async function mutateIn<T>(
  ctx: ServiceContext,
  scope: DatabaseScope,
  work: (unit: Unit) => Promise<T>,
): Promise<T> {
  const request = ctx.mutation;
  if (!request || (request.idempotencyKey === null && !request.dryRun)) return inUnit(ctx, ctx.database, scope, work);
  try {
    return await inUnit(ctx, ctx.database, scope, async (unit) => {
      const replay = request.dryRun ? null : await claimKey(unit, request);
      if (replay) {
        ctx.outcome.replayed = true;
        return replay.value as T;
      }
      const result = await work(unit);
      if (request.dryRun) {
        await unit.flush();
        ctx.outcome.dryRun = { events: unit.events };
        throw new DryRun(result);
      }
      await keepAnswer(unit, request, result);
      return result;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.result as T;
    throw error;
  }
}
