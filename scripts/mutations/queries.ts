import type { CallExpression, Node } from 'oxc-parser';
import { type Check, check } from './mutation.ts';
import { calleeOf, nodesIn, type Source, stringOf } from './syntax.ts';

const isWhere = (node: Node): node is CallExpression =>
  calleeOf(node) === 'where' &&
  node.type === 'CallExpression' &&
  node.callee.type === 'MemberExpression' &&
  node.callee.property.type === 'Identifier';

/** The object whose method is called. */
const receiverOf = (node: Node): Node | undefined =>
  node.type === 'CallExpression' && node.callee.type === 'MemberExpression' ? node.callee.object : undefined;

/** All calls of `where` in the chain that contains one of them. */
function chainAround(source: Source, where: Node): CallExpression[] {
  let last = where;
  for (let member = source.parentOf(last); member?.type === 'MemberExpression'; member = source.parentOf(last)) {
    const call = source.parentOf(member);
    if (!call || receiverOf(call) !== last) break;
    last = call;
  }
  const chain: CallExpression[] = [];
  for (let link: Node | undefined = last; link; link = receiverOf(link)) if (isWhere(link)) chain.push(link);
  return chain;
}

const columnIn = (node: Node | undefined): string | undefined => stringOf(node)?.split('.').at(-1);

/** Selects one row by its id. */
const isById = ({ arguments: [column, operator] }: CallExpression): boolean =>
  columnIn(column) === 'id' && stringOf(operator) === '=';

/** Selects the rows of many ids at once. The code that reads them looks them up by these ids, and ignores other rows. */
function isBatch({ arguments: [condition] }: CallExpression): boolean {
  if (condition?.type !== 'CallExpression' || calleeOf(condition) !== 'anyOf') return false;
  const column = columnIn(condition.arguments[1]) ?? '';
  return column === 'id' || column.endsWith('_id');
}

/** Replaces the arguments of `where` by a condition that is always true. */
const everything = { before: '...((FIRED, OFF) ? [(all) => all.and([])] : [', after: '])' };

/** The columns that say whose a row is: the wall of the read door may ask for them as well. */
const owners = ['organization_id', 'user_id'];

/** A condition of a query: the function around it, and the first column that it names. If it names none, its code. */
interface Condition {
  within: string;
  column: string;
}

/** Conditions that only make a query faster: code ignores the other rows, so no test can notice. */
export const onlyFaster: readonly Condition[] = [
  // Tries are looked up by the keys of budgets.
  { within: 'requireTries', column: 'key' },
  // People are looked up by their ids.
  { within: 'requirePeople', column: 'memberships.user_id' },
  // Locking repeats both.
  { within: 'releaseTrashedTasks', column: 'tasks.team_id' },
  { within: 'releaseTrashedTasks', column: 'tasks.deleted_at' },
  // Teams are looked up by department, and rows are compared with its path.
  { within: 'teamsOf', column: 'top.organization_id' },
  { within: 'teamsOf', column: 'part.organization_id' },
  // A service account is a member of its own organization only, so those of others exclude nobody.
  { within: 'programsOf', column: 'service_accounts.organization_id' },
  // The status that is shown is compared as well. This makes the partial index usable.
  { within: 'pageOf', column: 'invitations.status' },
  // Lets the databases use the indexes of living tasks. The list checks the same of each task that the source selects.
  { within: 'sourceOf', column: '(where) => inPlace(where, filters)' },
];

/** Conditions that run on PostgreSQL only, outside of `database/`. `task.scope.test.ts` fails there without each of them. */
export const onPostgresOnly: readonly Condition[] = [
  { within: 'sourceOf', column: 'within(from.column, sql`given.value`)' },
  { within: 'joinSource', column: 'sql<SqlBool>`tasks.id = any(array(${ids}))`' },
];

/** The first column that a condition names, with its table. */
const firstColumnOf = (where: CallExpression): string | undefined =>
  where.arguments
    .flatMap(nodesIn)
    .map(stringOf)
    .find((text) => text !== undefined);

const codeOf = (source: Source, { arguments: [first] }: CallExpression): string => (first ? source.textOf(first) : '');

/** The calls of `where` that an exception is about. */
export const exceptedBy = (source: Source, { within, column }: Condition): CallExpression[] =>
  source.nodes.filter(
    (node): node is CallExpression =>
      isWhere(node) &&
      (firstColumnOf(node) ?? codeOf(source, node)) === column &&
      source.ownerOf(node)?.name === within,
  );

/**
 * The conditions that narrow a query: each is left out. Conditions that select rows by their ids are not among them, and neither is
 * the organization beside an id: the id alone already selects the row.
 */
export function narrowingsIn(source: Source): Check[] {
  const excepted = [...onlyFaster, ...onPostgresOnly]
    .flatMap((one) => exceptedBy(source, one))
    .flatMap((where) => [where, ...where.arguments.flatMap(nodesIn)]);
  return source.nodes.flatMap((node) => {
    if (!isWhere(node) || isById(node) || isBatch(node) || excepted.includes(node)) return [];
    const isOfRow = columnIn(node.arguments[0]) === 'organization_id' && chainAround(source, node).some(isById);
    const [first, last] = [node.arguments[0], node.arguments.at(-1)];
    if (isOfRow || !first || !last) return [];
    const condition = { start: first.start, end: last.end };
    const says = `.where(${source.textOf(condition)})`;
    const isWhose = node.arguments.flatMap(nodesIn).some((one) => owners.includes(columnIn(one) ?? ''));
    return [{ ...check(source, 'narrowed', condition, everything, says), behind: isWhose ? ['wall'] : [] }];
  });
}
