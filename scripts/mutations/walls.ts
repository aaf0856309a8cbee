import type { Node } from 'oxc-parser';
import { policiesOf } from '../../packages/core/src/database/policies.ts';
import { databaseRoles } from '../../packages/core/src/database/scope.ts';
import { tables } from '../../packages/core/src/platform.ts';
import { type Check, check, instead, type Mutation } from './mutation.ts';
import { answerOf, calleeOf, functionOf, nodesIn, ownerNamed, type Source, stringOf } from './syntax.ts';

/** A piece of a wall, in a function that is named. */
interface Opening {
  /** What is possible when the piece is off. */
  lets: string;
  /** The function, as `ownerNamed` takes it. */
  within: string;
  /** Finds the piece among the nodes of the function. */
  piece: (nodes: readonly Node[]) => Node | undefined;
  around: (code: string) => Pick<Check, 'before' | 'after'>;
}

/** The wall of the read door. It hides rows before a query of a service can exclude them. */
export const readDoor: Opening = {
  lets: 'the rows of other organizations be read',
  within: 'WallTransformer.#predicates',
  piece: (nodes) => nodes.find((node) => node.type === 'ArrayExpression' && node.elements.length > 0),
  around: () => instead('[]'),
};

/** The API refuses requests without a credential before a service can refuse them. */
export const signIn: Opening = {
  lets: 'requests without a credential be answered',
  within: 'admit',
  piece: (nodes) => nodes.find((node) => node.type === 'ThrowStatement'),
  around: () => ({ before: '{ if ((FIRED, OFF)) return null; ', after: ' }' }),
};

/** The read door hides rows that a role does not show before a service can refuse to change them. */
export const visibility: Opening = {
  lets: 'rows be read that a role does not show',
  within: '#visible',
  piece: (nodes) => nodes.find((node) => node.type === 'BlockStatement')?.body[0],
  around: () => ({ before: '{ if ((FIRED, OFF)) return null; ', after: ' }' }),
};

const openings: readonly Opening[] = [
  readDoor,
  signIn,
  visibility,
  {
    lets: 'rows be read by somebody whose roles show none',
    within: '#visible',
    piece: (nodes) => nodes.find((node) => node.type === 'Identifier' && node.name === 'nothing'),
    around: () => instead('null'),
  },
  {
    lets: 'entities of other organizations be loaded',
    within: 'condition',
    piece: (nodes) => nodes.findLast((node) => node.type === 'ObjectExpression' && node.properties.length > 0),
    around: () => instead('{}'),
  },
  {
    lets: 'entities of other organizations be flushed',
    within: 'FlushGuard.onFlush',
    piece: (nodes) => nodes.find((node) => node.type === 'ForOfStatement'),
    around: () => ({ before: '{ if (!(FIRED, OFF)) ', after: ' }' }),
  },
  {
    lets: 'rows of other organizations be changed',
    within: 'updateRow',
    piece: (nodes) =>
      nodes.flatMap((node) =>
        node.type === 'CallExpression' && calleeOf(node) === 'execute' ? node.arguments : [],
      )[0],
    around: (code) => instead(`${code}.replace('"organization_id" = ?', '? is not null')`),
  },
];

export function checkOf(sources: readonly Source[], { lets, within, piece, around }: Opening): Check {
  const owner = ownerNamed(sources, within);
  const found = piece(nodesIn(functionOf(owner)));
  if (!found) throw new Error(`${within} no longer contains the code without which it lets ${lets}.`);
  return check(owner.source, 'wall', found, around(owner.source.textOf(found)), `lets ${lets}`);
}

/** The class that adds the walls to queries. Each of its methods is replaced by the one of the parent class. */
const transformer = 'WallTransformer';

function overrides(sources: readonly Source[]): Check[] {
  const { source, node } = ownerNamed(sources, transformer);
  return nodesIn(node).flatMap((method) => {
    if (method.type !== 'MethodDefinition' || !method.override || !method.value.body) return [];
    const parameters = method.value.params.flatMap((one) => (one.type === 'Identifier' ? [one.name] : []));
    const start = method.value.body.start + 1;
    const before = `if ((FIRED, OFF)) return super.${source.textOf(method.key)}(${parameters.join(', ')});`;
    return [check(source, 'wall', { start, end: start }, { before, after: '' }, 'adds no wall')];
  });
}

/** The predicates by which a table shows some of its rows: each shows all of them. */
function predicates(sources: readonly Source[]): Check[] {
  const { source, node } = ownerNamed(sources, '#visible');
  const template = nodesIn(node)
    .map(answerOf)
    .find((answer) => answer?.type === 'TemplateLiteral');
  if (!template) throw new Error('#visible no longer contains a predicate.');
  return tables.flatMap(({ name, visibility }) =>
    Object.keys(visibility?.predicates ?? {}).map((kind) => {
      const is = `definition.name === '${name}' && name === '${kind}'`;
      const around = { before: `(${is} && (FIRED, OFF) ? '1 = 1' : (`, after: '))' };
      return check(source, 'wall', template, around, `lets all ${name} be seen by: ${kind}`);
    }),
  );
}

/** Declarations of SQL conditions about what is visible. The last condition of each is left out. */
const conditions = ['visible-tasks.ts assigned', 'visible-tasks.ts inTeams', 'visible-tasks.ts visibleTasks'];

function lastConditions(sources: readonly Source[]): Check[] {
  return conditions.map((name) => {
    const { source, node } = ownerNamed(sources, name);
    const isText = ({ type }: Node) => type === 'TemplateLiteral' || type === 'Literal';
    const sql = nodesIn(node).find((one) => isText(one) && source.textOf(one).includes(' and '));
    if (!sql) throw new Error(`${name} has only one condition.`);
    const text = source.textOf(sql);
    const [, end = ''] = /(['"`])$/.exec(text) ?? [];
    const without = text.slice(0, text.lastIndexOf(' and ')) + end;
    return check(source, 'wall', sql, instead(without), `leaves out${text.slice(text.lastIndexOf(' and '), -1)}`);
  });
}

/** The walls in the code. */
export const wallsIn = (sources: readonly Source[]): Check[] => [
  ...openings.map((opening) => checkOf(sources, opening)),
  ...overrides(sources),
  ...predicates(sources),
  ...lastConditions(sources),
];

/** Finds the declaration of an entity by the name of its table. */
function entityOf(sources: readonly Source[], table: string): Mutation['owner'] {
  for (const source of sources)
    for (const node of source.nodes) {
      if (node.type !== 'Property' || source.textOf(node.key) !== 'tableName') continue;
      const owner = stringOf(node.value) === table ? source.ownerOf(node) : undefined;
      if (owner) return owner;
    }
  throw new Error(`No entity has the table ${table}.`);
}

/** The walls of PostgreSQL itself. Each is opened in a migrated database. */
export function policiesIn(sources: readonly Source[]): Mutation[] {
  const policy = (table: string, says: string, sql: string): Mutation => ({
    kind: 'policy',
    name: `policy: ${says}`,
    owner: entityOf(sources, table),
    alsoIn: 'packages/core/src/database/migrations/postgresql',
    off: [],
    masks: [],
    sql,
  });
  const rows = tables.flatMap((table) =>
    policiesOf(table)
      .filter(({ roles }) => roles?.includes(databaseRoles.request))
      .map(({ name }) =>
        policy(
          table.name,
          `lets every row of ${table.name} be read and written`,
          `alter policy "${name}" on "${table.name}" using (true) with check (true)`,
        ),
      ),
  );
  const written = tables.filter(({ insertOnly }) => insertOnly);
  const hidden = tables.filter(({ identityDoor }) => !identityDoor);
  return [
    ...rows,
    ...written.map(({ name }) =>
      policy(
        name,
        `lets rows of ${name} be changed and deleted`,
        `grant update, delete on "${name}" to ${databaseRoles.request}`,
      ),
    ),
    ...hidden
      .slice(0, 1)
      .map(({ name }) =>
        policy(name, `lets the identity door read ${name}`, `grant select on "${name}" to ${databaseRoles.identity}`),
      ),
  ];
}
