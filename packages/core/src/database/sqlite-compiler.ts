import {
  AliasNode,
  type BinaryOperationNode,
  ColumnNode,
  type ColumnUpdateNode,
  FromNode,
  IdentifierNode,
  type InsertQueryNode,
  type LimitNode,
  type OperationNode,
  PrimitiveValueListNode,
  RawNode,
  ReferenceNode,
  SelectAllNode,
  type SelectionNode,
  SelectQueryNode,
  SqliteQueryCompiler,
  ValueListNode,
  ValueNode,
  ValuesNode,
} from 'kysely';
import { hexMark } from './sqlite-values.ts';
import { typed, type ValueType } from './typed-value.ts';

/** Returns the type of a column by its name. A name has the same type in every table. */
export type TypeOfColumn = (column: string) => ValueType | undefined;

/** Returns the name of the column if an expression is just a column. `sql.ref` wraps one. */
function columnOf(node: OperationNode): string | undefined {
  if (ReferenceNode.is(node)) return columnOf(node.column);
  if (ColumnNode.is(node)) return node.column.name;
  const [only, ...more] = RawNode.is(node) ? node.parameters : [];
  return RawNode.is(node) && only && more.length === 0 && node.sqlFragments.join('') === ''
    ? columnOf(only)
    : undefined;
}

const isValue = (node: OperationNode): boolean =>
  ValueNode.is(node) || PrimitiveValueListNode.is(node) || ValueListNode.is(node);

/** What is between the root of a query and a part that answers its columns. */
const inAnswer = new Set(['SelectQueryNode', 'SetOperationNode', 'ParensNode']);

/** Whether a query selects everything from its tables: then a sub-select among them is part of the answer. */
const selectsAll = (node: OperationNode): boolean =>
  SelectQueryNode.is(node) && (node.selections ?? []).every(({ selection }) => SelectAllNode.is(selection));

/**
 * Gives each value the type of the column that it is compared with, assigned to or inserted into, and selects ids by their
 * hexadecimal digits.
 */
export class SqliteCompiler extends SqliteQueryCompiler {
  readonly #typeOf: TypeOfColumn;
  /** The type of the value that is being visited. */
  #type: ValueType | undefined;
  /** The types of the columns of the insert that is being visited. */
  #inserted: readonly (ValueType | undefined)[] = [];

  constructor(typeOf: TypeOfColumn) {
    super();
    this.#typeOf = typeOf;
  }

  #typeBeside(node: OperationNode): ValueType | undefined {
    const column = columnOf(node);
    return column === undefined ? undefined : this.#typeOf(column);
  }

  #visitAs(node: OperationNode, type: ValueType | undefined): void {
    this.#type = isValue(node) ? type : undefined;
    this.visitNode(node);
    this.#type = undefined;
  }

  protected override appendValue(value: unknown): void {
    super.appendValue(typed(this.#type, value));
  }

  protected override visitBinaryOperation({ leftOperand, operator, rightOperand }: BinaryOperationNode): void {
    this.#visitAs(leftOperand, this.#typeBeside(rightOperand));
    this.append(' ');
    this.visitNode(operator);
    this.append(' ');
    this.#visitAs(rightOperand, this.#typeBeside(leftOperand));
  }

  protected override visitColumnUpdate({ column, value }: ColumnUpdateNode): void {
    this.visitNode(column);
    this.append(' = ');
    this.#visitAs(value, this.#typeBeside(column));
  }

  protected override visitInsertQuery(node: InsertQueryNode): void {
    this.#inserted = (node.columns ?? []).map((column) => this.#typeBeside(column));
    super.visitInsertQuery(node);
  }

  protected override visitPrimitiveValueList(node: PrimitiveValueListNode): void {
    if (this.parentNode && ValuesNode.is(this.parentNode))
      this.#visitRow(node.values.map((value) => ValueNode.create(value)));
    else super.visitPrimitiveValueList(node);
  }

  /**
   * Adds 0 to a bound limit. SQLite plans a statement for the value of its limit: it would parse and plan the statement again each time the
   * limit is bound, even to the same value. That costs ten times as much as a page of 50 from an index.
   */
  protected override visitLimit(node: LimitNode): void {
    super.visitLimit(node);
    if (ValueNode.is(node.limit) && !node.limit.immediate) this.append(' + 0');
  }

  protected override visitValueList(node: ValueListNode): void {
    if (this.parentNode && ValuesNode.is(this.parentNode)) this.#visitRow(node.values);
    else super.visitValueList(node);
  }

  #visitRow(values: readonly OperationNode[]): void {
    this.append('(');
    for (const [index, value] of values.entries()) {
      if (index > 0) this.append(', ');
      this.#visitAs(value, this.#inserted[index]);
    }
    this.append(')');
  }

  /** Whether a selected column is part of the answer, and not read by another part of the statement. */
  #isAnswer(): boolean {
    const nodes = this.nodeStack.slice(0, -1);
    const [root, ...inner] = nodes;
    if (!root || !SelectQueryNode.is(root)) return inner.map(({ kind }) => kind).join() === 'ReturningNode';
    return inner.every((node, index) => {
      if (inAnswer.has(node.kind)) return true;
      if (FromNode.is(node)) return selectsAll(nodes[index] ?? root);
      return AliasNode.is(node) && nodes[index]?.kind === 'FromNode';
    });
  }

  protected override visitSelection(node: SelectionNode): void {
    const { selection } = node;
    const expression = AliasNode.is(selection) ? selection.node : selection;
    const column = columnOf(expression);
    if (column === undefined || this.#typeOf(column) !== 'id' || !this.#isAnswer()) return super.visitSelection(node);
    const alias = AliasNode.is(selection) && IdentifierNode.is(selection.alias) ? selection.alias.name : column;
    this.append('hex(');
    this.visitNode(expression);
    this.append(') as ');
    this.visitNode(IdentifierNode.create(`${alias}${hexMark}`));
  }
}
