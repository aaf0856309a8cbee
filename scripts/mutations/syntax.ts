import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type ArrowFunctionExpression,
  type Expression,
  type Function,
  type Node,
  parseSync,
  visitorKeys,
} from 'oxc-parser';

/** A named declaration: a function, a constant, a method (`Unit.checkVersion`), or a function in an object (`checks.assignedOnly`). */
export interface Owner {
  name: string;
  source: Source;
  node: Node;
}

/** A piece of code between two offsets. */
export type Range = Pick<Node, 'start' | 'end'>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** The nodes directly inside a node, in the order of the text. */
function childrenOf(node: Node): Node[] {
  return (visitorKeys[node.type] ?? []).flatMap((key) => {
    const value: unknown = Reflect.get(node, key);
    return (Array.isArray(value) ? value : [value]).filter(isNode);
  });
}

/** A node with everything inside it, in the order of the text. */
export const nodesIn = (node: Node): Node[] => [node, ...childrenOf(node).flatMap(nodesIn)];

/** One source file with its syntax tree. */
export class Source {
  readonly file: string;
  readonly text: string;
  readonly nodes: readonly Node[];
  readonly owners: readonly Owner[];
  readonly #parents = new Map<Node, Node>();

  /** @throws when the text is not valid TypeScript */
  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const { program, errors } = parseSync(file, this.text, { preserveParens: false });
    const [error] = errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    this.nodes = nodesIn(program);
    for (const node of this.nodes) for (const child of childrenOf(node)) this.#parents.set(child, node);
    this.owners = program.body.flatMap((statement) => this.#ownersIn(statement));
  }

  get name(): string {
    return basename(this.file);
  }

  parentOf(node: Node): Node | undefined {
    return this.#parents.get(node);
  }

  /** The code of a node on one line. */
  textOf({ start, end }: Range): string {
    return this.text.slice(start, end).replaceAll(/\s+/g, ' ');
  }

  /** The innermost declaration around a piece of code. Undefined at the top level of the module. */
  ownerOf(range: Range): Owner | undefined {
    return this.owners.findLast(({ node }) => node.start <= range.start && range.end <= node.end);
  }

  /** A declaration comes before the ones inside it. */
  #ownersIn(node: Node): Owner[] {
    const owner = (name: string, of: Node): Owner => ({ name, source: this, node: of });
    if (node.type === 'ExportNamedDeclaration') return node.declaration ? this.#ownersIn(node.declaration) : [];
    if (node.type === 'FunctionDeclaration') return node.id ? [owner(node.id.name, node)] : [];
    if (node.type === 'ClassDeclaration') {
      const name = node.id?.name ?? '';
      const members = node.body.body.flatMap((member) =>
        member.type === 'MethodDefinition' ? [owner(`${name}.${this.textOf(member.key)}`, member)] : [],
      );
      return [owner(name, node), ...members];
    }
    if (node.type !== 'VariableDeclaration') return [];
    return node.declarations.flatMap((declarator) => {
      if (declarator.id.type !== 'Identifier') return [];
      const { name } = declarator.id;
      return [owner(name, declarator), ...this.#functionsIn(name, declarator.init)];
    });
  }

  #functionsIn(name: string, init: Expression | null): Owner[] {
    if (init?.type !== 'ObjectExpression') return [];
    return init.properties.flatMap((property) =>
      property.type === 'Property' && isFunction(property.value)
        ? [{ name: `${name}.${this.textOf(property.key)}`, source: this, node: property }]
        : [],
    );
  }
}

type FunctionNode = ArrowFunctionExpression | Function;

export const isFunction = (node: Node): node is FunctionNode =>
  node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration';

/**
 * The function that a declaration declares.
 * @throws when it declares something else
 */
export function functionOf({ name, node }: Owner): FunctionNode {
  const declared =
    node.type === 'VariableDeclarator'
      ? node.init
      : node.type === 'Property' || node.type === 'MethodDefinition'
        ? node.value
        : node;
  if (!declared || !isFunction(declared)) throw new Error(`${name} is not a function.`);
  return declared;
}

/** The expression that an inline function returns. Undefined for a function with statements. */
export const answerOf = (node: Node | undefined): Expression | undefined =>
  node?.type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement' ? node.body : undefined;

/** Everything in a function that is not in another function inside it. */
export function ownNodesOf(node: FunctionNode): Node[] {
  const within = (inner: Node): Node[] => [inner, ...(isFunction(inner) ? [] : childrenOf(inner).flatMap(within))];
  return childrenOf(node).flatMap(within);
}

/** The name of the function that a node calls, without the object before it. */
export function calleeOf(node: Node): string | undefined {
  if (node.type !== 'CallExpression') return undefined;
  const { callee } = node;
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  return callee.property.name;
}

/** The value of a string literal. */
export const stringOf = (node: Node | undefined): string | undefined =>
  node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;

/** The last name of an expression: `user` of `user`, `principal` of `ctx.principal`. */
export function lastNameOf(node: Node): string | undefined {
  if (node.type === 'ChainExpression') return lastNameOf(node.expression);
  if (node.type === 'Identifier') return node.name;
  return node.type === 'MemberExpression' && !node.computed ? node.property.name : undefined;
}

export const readSource = (root: string, file: string): Source =>
  new Source(file, readFileSync(join(root, file), 'utf8'));

const untested = ['**/*.test.ts', '**/*.samples.ts', '**/testing/**', '**/migrations/**', '**/drift.ts'];

/** The code of the domain and of the API, without tests and their helpers. */
export const sourcesOf = (root: string): Source[] =>
  globSync('packages/{core,api}/src/**/*.ts', { cwd: root, exclude: untested })
    .sort()
    .map((file) => readSource(root, file));

/**
 * Finds a declaration by its name, in whatever file it is.
 * @param wanted the name, or its last part (`#visible` for `WallTransformer.#visible`). If several declarations have it, the end
 * of the file's path comes before it (`access/decide.ts visibility`).
 * @throws unless there is exactly one
 */
export function ownerNamed(sources: readonly Source[], wanted: string): Owner {
  const [name = '', file = ''] = wanted.split(' ').toReversed();
  const found = sources
    .filter((source) => source.file.endsWith(file))
    .flatMap(({ owners }) => owners.filter((owner) => owner.name === name || owner.name.endsWith(`.${name}`)));
  const [owner] = found;
  if (!owner) throw new Error(`Nothing is called ${wanted}. Correct the name in scripts/mutations.`);
  if (found.length > 1)
    throw new Error(
      `${found.map(({ source }) => source.file).join(' and ')} declare ${name}. Add the file to the name in scripts/mutations.`,
    );
  return owner;
}
