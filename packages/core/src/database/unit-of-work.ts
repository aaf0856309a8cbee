import type { EntitySchema, InferEntity } from '@mikro-orm/core';
import { errors } from '../kernel/errors.ts';
import type { EventSummary, Versions } from '../kernel/mutation.ts';
import type { ServiceContext } from './context.ts';
import type { WriteConnection } from './database.ts';
import type { Door } from './door.ts';
import { claimKey, keepAnswer } from './idempotency.ts';
import { forgetWritten, isCached, type Written } from './row-cache.ts';
import type { Later } from './sent-statements.ts';
import { type DatabaseScope, ownColumn, requestScope } from './scope.ts';
import type { NewRow, TableWriter, Writable } from './writes.ts';

/** A row with a version, which If-Match can name. */
interface Versioned {
  version: number;
}

/** Values by property that rows must have. An array matches any of its values. */
export type Match<Entity> = {
  [Name in keyof InferEntity<Entity> & string]?:
    | Writable<InferEntity<Entity>[Name]>
    | readonly Writable<InferEntity<Entity>[Name]>[];
};

const names = (versions: Versions, version: number): boolean => versions === '*' || [versions].flat().includes(version);

type Owner = NonNullable<ReturnType<typeof ownColumn>>;

/** More rows than these are added by one statement. */
const mostInserted = 2000;

const withOwner = (match: object, own: Owner | null): Readonly<Record<string, unknown>> =>
  own ? { ...match, [own.column]: own.id } : { ...match };

/**
 * One transaction of changes. Rows, events and jobs commit together or not at all. Inside, only the database is awaited: hash,
 * mail and call before or after.
 */
export class Unit {
  readonly ctx: ServiceContext;
  /** The instant of the whole mutation. */
  readonly now: Date;
  /** Reads see the unit's own changes; updates and deletes stay within the walls. */
  readonly db: Door;
  /** The same without the principal's visibility, for rules that concern every row of the organization. */
  readonly invisible: Door;
  /** What a dry run shows. */
  readonly events: EventSummary[] = [];
  /** Whether the answer is a job, which goes on with the work: 202. */
  accepted = false;
  readonly scope: DatabaseScope;
  /**
   * Lets `commit` be sent without waiting for some statements: inserts, updates and deletes whose answers nobody needs. Pass the promises
   * that the unit returned, in their order.
   */
  readonly later: Later;
  readonly #connection: WriteConnection;
  readonly #afterCommit: (() => void)[] = [];
  readonly #written: Written[] = [];

  constructor(ctx: ServiceContext, connection: WriteConnection, scope: DatabaseScope) {
    this.ctx = ctx;
    this.now = ctx.clock.now();
    this.db = connection.db;
    this.invisible = connection.invisible;
    this.scope = scope;
    this.later = connection.later;
    this.#connection = connection;
  }

  /** The owner of new rows of the organization. */
  get owner(): { organizationId: string } {
    const { organizationId } = this.scope;
    if (organizationId === null) throw new Error('Rows of an organization are written inside one.');
    return { organizationId };
  }

  /** Adds rows. */
  insert<Entity extends EntitySchema>(entity: Entity, ...rows: NewRow<Entity>[]): Promise<void> {
    this.#refuse(entity, 'add', rows);
    this.#note(entity, rows, null);
    const writer = this.#writerOf(entity);
    if (rows.length > mostInserted) return writer.insertList(this.#connection.bare, rows);
    return writer.insert(this.#connection.bare, rows);
  }

  /**
   * Changes the rows of this scope that match, and raises their versions. Answers how many there were.
   * @param match values by property; an array matches any of its values
   */
  update<Entity extends EntitySchema>(
    entity: Entity,
    match: Match<Entity>,
    changes: Partial<NewRow<Entity>>,
  ): Promise<number> {
    const own = this.#refuse(entity, 'change', [match]);
    if (own && own.column in changes) throw new Error(`Refused to give away a row of ${entity.meta.tableName}.`);
    const found = withOwner(match, own);
    this.#note(entity, [found], Object.keys(changes));
    return this.#writerOf(entity).update(this.#connection.bare, found, changes);
  }

  /**
   * Changes rows of this scope that get different values, and raises their versions, by one statement. Answers how many there were.
   * @param key the properties that name a row
   * @param rows all with the same properties: those of the key, and those that are changed
   */
  updateList<Entity extends EntitySchema>(
    entity: Entity,
    key: readonly string[],
    rows: readonly Partial<NewRow<Entity>>[],
  ): Promise<number> {
    const own = this.#refuse(entity, 'change', rows);
    const found = rows.map((row) => withOwner(row, own));
    this.#note(entity, found, Object.keys(rows[0] ?? {}));
    const names = new Set(own ? [own.column, ...key] : key);
    return this.#writerOf(entity).updateList(this.#connection.bare, [...names], found);
  }

  /** Deletes the rows of this scope that match. Answers how many there were. */
  delete<Entity extends EntitySchema>(entity: Entity, match: Match<Entity>): Promise<number> {
    const own = this.#refuse(entity, 'delete', [match]);
    const found = withOwner(match, own);
    this.#note(entity, [found], null);
    return this.#writerOf(entity).delete(this.#connection.bare, found);
  }

  /** Notes what is written to the tables of caches. */
  #note({ meta: { tableName } }: EntitySchema, rows: Written['rows'], changed: Written['changed']): void {
    if (isCached(tableName)) this.#written.push({ table: tableName, rows, changed });
  }

  #writerOf({ meta }: EntitySchema): TableWriter {
    const writer = this.ctx.database.writers.get(meta.tableName);
    if (!writer) throw new Error(`Entity ${meta.className} is not declared.`);
    return writer;
  }

  /** The wall of writes: throws when a row belongs to another organization or person. Answers whose the rows must be. */
  #refuse({ meta: { tableName } }: EntitySchema, verb: string, rows: readonly object[]): Owner | null {
    if (this.scope.door !== 'request') return null;
    const own = ownColumn(this.ctx.database.tables.get(tableName), this.scope);
    if (!own) throw new Error(`Refused to ${verb} a row of ${tableName}: no request writes there.`);
    const foreign = (row: object) => (verb === 'add' || own.column in row) && Reflect.get(row, own.column) !== own.id;
    if (rows.some(foreign))
      throw new Error(`Refused to ${verb} a row of ${tableName} that is not of this ${own.column}.`);
    return own;
  }

  /**
   * Checks If-Match and If-None-Match against the target of the mutation: after its existence, before any rule.
   * @throws `version_conflict`, `precondition_failed`
   */
  checkVersion({ version }: Versioned): void {
    const { ifMatch = null, ifNoneMatch = null } = this.ctx.mutation ?? {};
    if (ifMatch !== null && !names(ifMatch, version)) throw errors.version_conflict();
    if (ifNoneMatch !== null && names(ifNoneMatch, version)) throw errors.precondition_failed();
  }

  /** Runs once the changes are durable, for example to wake a runner. Never to write. */
  afterCommit(effect: () => void): void {
    this.#afterCommit.push(effect);
  }

  committed(): void {
    forgetWritten(this.ctx.database, this.#written);
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
  scope: DatabaseScope,
  work: (unit: Unit) => Promise<T>,
): Promise<T> {
  let unit: Unit | undefined;
  const result = await ctx.database.write(scope, async (connection) => {
    unit = new Unit(ctx, connection, scope);
    return work(unit);
  });
  if (unit?.accepted) ctx.outcome.accepted = true;
  unit?.committed();
  return result;
}

/**
 * Runs a mutation: one transaction, with the three mutation headers of the request. What `work` returns is the answer of the
 * operation: it is what an Idempotency-Key replays. An organization is created, and an invitation accepted, inside the
 * organization that they concern: `organizationId`.
 * @throws `idempotency_key_reused`, `idempotency_in_progress`, `idempotency_secret_already_shown`, `version_conflict`,
 * `precondition_failed`
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
  if (!request || (request.idempotencyKey === null && !request.dryRun)) return inUnit(ctx, scope, work);
  try {
    return await inUnit(ctx, scope, async (unit) => {
      const replay = request.dryRun ? null : await claimKey(unit, request);
      if (replay) {
        ctx.outcome.replayed = true;
        unit.accepted = replay.accepted ?? false;
        return replay.value as T;
      }
      const result = await work(unit);
      if (request.dryRun) {
        ctx.outcome.dryRun = { events: unit.events };
        ctx.outcome.accepted = unit.accepted;
        throw new DryRun(result);
      }
      // An answer that contains a secret is not kept.
      if (!request.secretAnswer) unit.later(keepAnswer(unit, request, result));
      return result;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.result as T;
    throw error;
  }
}
