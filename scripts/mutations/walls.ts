import type { Node } from 'oxc-parser';
import { policiesOf } from '../../packages/core/src/database/policies.ts';
import { databaseRoles } from '../../packages/core/src/database/scope.ts';
import { tables } from '../../packages/core/src/platform.ts';
import { type Check, check, instead, type Mutation } from './mutation.ts';
import { calleeOf, functionOf, nodesIn, ownerNamed, type Source, stringOf } from './syntax.ts';

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
  within: 'identify',
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
    lets: 'rows of other organizations be changed and deleted',
    within: 'withOwner',
    piece: (nodes) => nodes.find((node) => node.type === 'ConditionalExpression'),
    around: () => instead('{ ...match }'),
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

/** What a principal sees, by the shape of an item of their visibility. */
const shapes: Readonly<Record<string, string>> = {
  'people alone': 'rows.place === null',
  'places alone': 'rows.place !== null && !rows.own',
  'places and people': 'rows.place !== null && rows.own',
};

/** The predicates by which a table shows some of its rows: each shows all of them. */
function predicates(sources: readonly Source[]): Check[] {
  const { source, node } = ownerNamed(sources, '#visible');
  const call = nodesIn(node).find((one) => one.type === 'CallExpression' && calleeOf(one) === 'predicateOf');
  if (!call) throw new Error('#visible no longer asks for a predicate.');
  return tables
    .filter(({ visibility }) => visibility)
    .flatMap(({ name }) =>
      Object.entries(shapes).map(([shape, is]) => {
        const before = `(definition.name === '${name}' && ${is} && (FIRED, OFF) ? '1 = 1' : (`;
        return check(source, 'wall', call, { before, after: '))' }, `lets all ${name} be seen by ${shape}`);
      }),
    );
}

/** Functions that put the conditions of what is visible together. Each condition is left out. */
const conditioned = ['visibility.ts isVisible', 'visibility.ts predicateOf'];

function conditions(sources: readonly Source[]): Check[] {
  return conditioned.flatMap((name) => {
    const { source, node } = ownerNamed(sources, name);
    const elements = nodesIn(node).flatMap((one) =>
      one.type === 'ArrayExpression' && one.elements.length > 1 ? one.elements : [],
    );
    if (elements.length === 0) throw new Error(`${name} no longer lists conditions.`);
    return elements.flatMap((element) => {
      if (element?.type !== 'SpreadElement') return [];
      const part = element.argument;
      return [check(source, 'wall', part, instead('[]'), `leaves out ${source.textOf(part).replaceAll(/\s+/g, ' ')}`)];
    });
  });
}

/** The walls in the code. */
export const wallsIn = (sources: readonly Source[]): Check[] => [
  ...openings.map((opening) => checkOf(sources, opening)),
  ...overrides(sources),
  ...predicates(sources),
  ...conditions(sources),
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
