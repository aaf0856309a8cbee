import {
  AliasNode,
  AndNode,
  ColumnNode,
  type DeleteQueryNode,
  type FromNode,
  IdentifierNode,
  type InsertQueryNode,
  type JoinNode,
  type KyselyPlugin,
  OnNode,
  OrNode,
  type OperationNode,
  OperationNodeTransformer,
  ParensNode,
  PrimitiveValueListNode,
  type QueryId,
  RawNode,
  type SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  ValueNode,
  type ValuesItemNode,
  ValuesNode,
  WhereNode,
} from 'kysely';
import type { Visibility } from '../kernel/principal.ts';
import type { ReadCodecs } from './codecs.ts';
import { columnName } from './columns.ts';
import type { Dialect } from './engine.ts';
import { type DatabaseScope, ownColumn } from './scope.ts';
import { listedValue } from './sqlite-values.ts';
import type { TableDefinition } from './table.ts';
import { asId } from './typed-value.ts';
import { allRows, predicateOf } from './visibility.ts';

/** Sub-queries pass the plugin on their own and again inside the whole: once is enough. */
const walled = new WeakSet<OperationNode>();

const nothing = RawNode.create(['1 = 0'], []);

type Placeholder = 'table' | 'organization' | 'user' | 'places';

/** Fills the placeholders of a table's declared SQL. */
function fill(template: string, nodeOf: (placeholder: Placeholder) => OperationNode): OperationNode {
  const texts: string[] = [];
  const nodes: OperationNode[] = [];
  let last = 0;
  for (const match of template.matchAll(/\{(table|organization|user|places)\}/g)) {
    texts.push(template.slice(last, match.index));
    nodes.push(nodeOf(match[1] as Placeholder));
    last = match.index + match[0].length;
  }
  texts.push(template.slice(last));
  return ParensNode.create(RawNode.create(texts, nodes));
}

/** The ids of a list as a sub-select, in one parameter. */
const idsOf = (dialect: Dialect, ids: readonly string[]): OperationNode =>
  RawNode.create(
    dialect === 'sqlite' ? [`select ${listedValue.id} from json_each(`, ')'] : ['select unnest(', '::uuid[])'],
    [ValueNode.create(asId(ids))],
  );

/** The value that a row of an insert has in a column; undefined when it is an expression. */
function valueAt(row: ValuesItemNode, index: number): unknown {
  if (PrimitiveValueListNode.is(row)) return row.values[index];
  const value = row.values[index];
  return value && ValueNode.is(value) ? value.value : undefined;
}

/** What a principal sees. */
export interface Sight {
  /** The rows under a permission, apart from closed places. */
  of: (permission: string) => Visibility;
  /** Whether a permission opens closed places to the principal. */
  opened: (permission: string) => boolean;
}

/** Everything that is in no closed place. */
const everything = [{ place: null, placeIds: [], own: false }] as const;

/** What the walls of a database are made from. */
export interface Walls {
  readonly dialect: Dialect;
  readonly tables: ReadonlyMap<string, TableDefinition>;
  readonly codecs: ReadCodecs;
}

/** Puts the walls of each table into every place of a query that names it, joins and sub-queries included. */
class WallTransformer extends OperationNodeTransformer {
  readonly #walls: Walls;
  readonly #scope: DatabaseScope;
  readonly #sight: Sight;
  /** Common table expressions: their inside has its walls already. */
  readonly #derived = new Set<string>();

  constructor(walls: Walls, scope: DatabaseScope, sight: Sight) {
    super();
    this.#walls = walls;
    this.#scope = scope;
    this.#sight = sight;
  }

  /** What must hold of the rows of one table; null where the door is open to all of them. */
  #predicates(node: OperationNode): OperationNode[] {
    const alias = AliasNode.is(node) && IdentifierNode.is(node.alias) ? node.alias.name : undefined;
    const table = AliasNode.is(node) ? node.node : node;
    if (!TableNode.is(table)) return [];
    const name = table.table.identifier.name;
    if (this.#derived.has(name)) return [];
    const definition = this.#walls.tables.get(name);
    if (!definition) throw new Error(`Table ${name} is not declared.`);
    if (this.#scope.door === 'system') return [];
    if (this.#scope.door === 'identity') {
      if (!definition.identityDoor) throw new Error(`Table ${name} is not behind the identity door.`);
      return [];
    }
    if (definition.kind === 'system') throw new Error(`Table ${name} is reached through the system door only.`);
    const at = alias ?? name;
    const predicates = [this.#fill(definition.wall, at)];
    const visible = this.#visible(definition, at);
    if (visible) predicates.push(visible);
    return predicates;
  }

  #visible(definition: TableDefinition, alias: string): OperationNode | null {
    if (!definition.visibility || !this.#scope.principal) return null;
    const visible = this.#sight.of(definition.visibility.permission);
    if (visible === 'none') return nothing;
    const { opened } = this.#sight;
    const items = (visible === 'all' ? everything : visible).map((rows) => ({
      predicate: predicateOf(this.#walls.tables, definition, { ...rows, opened }),
      placeIds: rows.placeIds,
    }));
    if (items.some(({ predicate }) => predicate === allRows)) return null;
    const nodes = items.map(({ predicate, placeIds }) => this.#fill(predicate, alias, placeIds));
    return ParensNode.create(nodes.reduce((one, other) => OrNode.create(one, other)));
  }

  #fill(template: string, alias: string, placeIds: readonly string[] = []): OperationNode {
    return fill(template, (placeholder) => {
      if (placeholder === 'table') return IdentifierNode.create(alias);
      if (placeholder === 'organization') return ValueNode.create(asId(this.#scope.organizationId));
      if (placeholder === 'user') return ValueNode.create(asId(this.#scope.userId));
      return idsOf(this.#walls.dialect, placeIds);
    });
  }

  #where(where: WhereNode | undefined, tables: readonly OperationNode[]): WhereNode | undefined {
    return tables
      .flatMap((table) => this.#predicates(table))
      .reduce<WhereNode | undefined>(
        (found, predicate) =>
          found ? WhereNode.create(AndNode.create(found.where, predicate)) : WhereNode.create(predicate),
        where && WhereNode.create(ParensNode.create(where.where)),
      );
  }

  protected override transformSelectQuery(node: SelectQueryNode, queryId?: QueryId): SelectQueryNode {
    if (walled.has(node)) return node;
    for (const cte of node.with?.expressions ?? []) this.#derived.add(cte.name.table.table.identifier.name);
    const inner = super.transformSelectQuery(node, queryId);
    const from: FromNode | undefined = inner.from;
    const where = this.#where(inner.where, from?.froms ?? []);
    const result = where ? { ...inner, where } : inner;
    walled.add(result);
    return result;
  }

  protected override transformJoin(node: JoinNode, queryId?: QueryId): JoinNode {
    const inner = super.transformJoin(node, queryId);
    const [first, ...rest] = this.#predicates(inner.table);
    if (!first) return inner;
    const all = rest.reduce<OperationNode>((found, predicate) => AndNode.create(found, predicate), first);
    const on = OnNode.create(inner.on ? AndNode.create(ParensNode.create(inner.on.on), all) : all);
    return { ...inner, on };
  }

  /** Whose rows a request may write in this table, by column; null where the door is open. */
  #owner(table: OperationNode | undefined): { column: string; id: string | null } | null {
    if (this.#scope.door !== 'request') return null;
    const name = table && TableNode.is(table) ? table.table.identifier.name : '';
    const own = ownColumn(this.#walls.tables.get(name), this.#scope);
    if (!own) throw new Error(`Refused to write a row of ${name}: no request writes there.`);
    return { column: columnName(own.column), id: own.id };
  }

  protected override transformInsertQuery(node: InsertQueryNode, queryId?: QueryId): InsertQueryNode {
    const own = this.#owner(node.into);
    if (own) {
      const at = node.columns?.findIndex(({ column }) => column.name === own.column) ?? -1;
      const rows = node.values && ValuesNode.is(node.values) ? node.values.values : [];
      if (rows.length === 0 || !rows.every((row) => valueAt(row, at) === own.id))
        throw new Error(`Refused to add a row that is not of this ${own.column}.`);
    }
    return super.transformInsertQuery(node, queryId);
  }

  protected override transformUpdateQuery(node: UpdateQueryNode, queryId?: QueryId): UpdateQueryNode {
    const own = this.#owner(node.table);
    if (own && node.updates?.some(({ column }) => ColumnNode.is(column) && column.column.name === own.column))
      throw new Error(`Refused to give away a row by its ${own.column}.`);
    const inner = super.transformUpdateQuery(node, queryId);
    const where = this.#where(inner.where, inner.table ? [inner.table] : []);
    return where ? { ...inner, where } : inner;
  }

  protected override transformDeleteQuery(node: DeleteQueryNode, queryId?: QueryId): DeleteQueryNode {
    const inner = super.transformDeleteQuery(node, queryId);
    const where = this.#where(inner.where, inner.from.froms);
    return where ? { ...inner, where } : inner;
  }
}

/** The first wall as a Kysely plugin: predicates into every query, codecs over every answer. */
export function wallPlugin(walls: Walls, scope: DatabaseScope, sight: Sight): KyselyPlugin {
  const transformer = new WallTransformer(walls, scope, sight);
  return {
    transformQuery: ({ node, queryId }) => transformer.transformNode(node, queryId),
    async transformResult({ result }) {
      walls.codecs.decode(result.rows);
      return result;
    },
  };
}
