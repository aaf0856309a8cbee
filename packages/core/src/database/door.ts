import type { Kysely } from 'kysely';
import type { Principal, Visibility } from '../kernel/principal.ts';
import type { Connection, Dialect } from './engine.ts';
import type { Tables } from './schema.ts';
import type { DatabaseScope } from './scope.ts';
import { current, Slot, slots, type Statement, type StatementValues, VisibleSlot } from './statement.ts';
import { TypedValue } from './typed-value.ts';
import { type Sight, wallPlugin, type Walls } from './walls.ts';

interface CompiledStatement {
  sql: string;
  parameters: readonly unknown[];
}

/** What every door of a database shares. */
export interface DoorParts extends Walls {
  /** The permissions that narrow what some table shows. */
  readonly permissions: readonly string[];
  readonly visibility: (scope: DatabaseScope, permission: string) => Visibility;
  /** The permissions that open closed places. */
  readonly opening: readonly string[];
  /** Whether a permission opens closed places to the principal of the scope. */
  readonly opened: (scope: DatabaseScope, permission: string) => boolean;
  readonly compiled: WeakMap<object, Map<string, CompiledStatement>>;
  /** What the SQL of statements depends on beside their values, by the principal. */
  readonly signatures: WeakMap<Principal, string>;
}

/** A query builder on one connection, behind the walls of one scope. */
export class Door {
  readonly #connection: Connection;
  readonly #scope: DatabaseScope;
  readonly #parts: DoorParts;
  #walled: Kysely<Tables> | undefined;
  #signature: string | undefined;
  readonly #seen = new Map<string, Visibility>();

  constructor(connection: Connection, scope: DatabaseScope, parts: DoorParts) {
    this.#connection = connection;
    this.#scope = scope;
    this.#parts = parts;
  }

  get dialect(): Dialect {
    return this.#parts.dialect;
  }

  /** Whose door it is. Null for nobody. */
  get userId(): string | null {
    return this.#scope.userId;
  }

  get #kysely(): Kysely<Tables> {
    this.#walled ??= this.#wall(
      this.#scope,
      this.#sight((permission) => this.visibility(permission)),
    );
    return this.#walled;
  }

  get selectFrom(): Kysely<Tables>['selectFrom'] {
    const kysely = this.#kysely;
    return kysely.selectFrom.bind<Kysely<Tables>['selectFrom']>(kysely);
  }

  get insertInto(): Kysely<Tables>['insertInto'] {
    const kysely = this.#kysely;
    return kysely.insertInto.bind(kysely);
  }

  get updateTable(): Kysely<Tables>['updateTable'] {
    const kysely = this.#kysely;
    return kysely.updateTable.bind<Kysely<Tables>['updateTable']>(kysely);
  }

  get deleteFrom(): Kysely<Tables>['deleteFrom'] {
    const kysely = this.#kysely;
    return kysely.deleteFrom.bind<Kysely<Tables>['deleteFrom']>(kysely);
  }

  /** Runs a statement that is compiled once for each kind of visibility. */
  async run<Values extends StatementValues, Row>(statement: Statement<Values, Row>, values: Values): Promise<Row[]> {
    const { sql, parameters } = this.#compile(statement);
    const bound = parameters.map((parameter) => this.#bind(parameter, values));
    return this.#parts.codecs.read(await this.#connection.execute(sql, bound)) as Row[];
  }

  #bind(parameter: unknown, values: StatementValues): unknown {
    if (parameter instanceof Slot) return this.#valueOf(parameter, values);
    if (parameter instanceof TypedValue && parameter.value instanceof Slot)
      return new TypedValue(parameter.type, this.#valueOf(parameter.value, values));
    return parameter;
  }

  #valueOf(slot: Slot, values: StatementValues): unknown {
    if (slot === (current.organization as unknown)) return this.#scope.organizationId;
    if (slot === (current.user as unknown)) return this.#scope.userId;
    if (!(slot instanceof VisibleSlot)) return values[slot.name];
    const seen = this.visibility(slot.permission);
    return typeof seen === 'string' ? [] : seen[slot.item]?.placeIds;
  }

  /** Which rows the door shows of those that need a permission. */
  visibility(permission: string): Visibility {
    const known = this.#seen.get(permission);
    if (known !== undefined) return known;
    const seen = this.#parts.visibility(this.#scope, permission);
    this.#seen.set(permission, seen);
    return seen;
  }

  #sight(of: Sight['of']): Sight {
    return { of, opened: (permission) => this.#parts.opened(this.#scope, permission) };
  }

  /** What a statement is compiled with: lists are bound when it runs. */
  #visibilitySlots(permission: string): Visibility {
    const seen = this.visibility(permission);
    if (typeof seen === 'string') return seen;
    return seen.map((rows, item) => ({ ...rows, placeIds: new VisibleSlot(permission, item) as unknown as string[] }));
  }

  #compile<Values extends StatementValues, Row>(statement: Statement<Values, Row>): CompiledStatement {
    const { compiled, dialect } = this.#parts;
    let variants = compiled.get(statement);
    if (!variants) compiled.set(statement, (variants = new Map<string, CompiledStatement>()));
    this.#signature ??= this.#sign();
    const known = variants.get(this.#signature);
    if (known) return known;
    const scope = { ...this.#scope, organizationId: current.organization, userId: current.user };
    const { sql, parameters } = statement
      .build(
        this.#wall(
          scope,
          this.#sight((permission) => this.#visibilitySlots(permission)),
        ),
        slots<Values>(),
        dialect,
      )
      .compile();
    const made = { sql, parameters };
    variants.set(this.#signature, made);
    return made;
  }

  /** What the SQL of a statement depends on beside its values. */
  #sign(): string {
    const { door, principal } = this.#scope;
    if (door !== 'request' || !principal) return `${door} ${principal !== null}`;
    const { permissions, opening, opened, signatures } = this.#parts;
    const known = signatures.get(principal);
    if (known !== undefined) return known;
    const seen = permissions.map((permission) => this.visibility(permission));
    const shapes = seen.map((rows) => (typeof rows === 'string' ? rows : rows.map(({ place, own }) => [place, own])));
    const signature = JSON.stringify([shapes, opening.map((permission) => opened(this.#scope, permission))]);
    signatures.set(principal, signature);
    return signature;
  }

  #wall(scope: DatabaseScope, sight: Sight): Kysely<Tables> {
    return this.#connection.kysely.withPlugin(wallPlugin(this.#parts, scope, sight));
  }
}

/**
 * The one way to read: a query builder that shows the rows of the context's organization, as far as the principal may see them.
 * It cannot write, and no query gets around its walls.
 */
export type ReadDoor = Pick<Door, 'selectFrom' | 'run' | 'dialect' | 'userId' | 'visibility'>;
