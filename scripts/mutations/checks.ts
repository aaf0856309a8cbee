import type { Expression, Node, Statement } from 'oxc-parser';
import { alwaysFalse, alwaysTrue, type Check, check, instead, type Mask } from './mutation.ts';
import { calleeOf, isFunction, lastNameOf, nodesIn, type Source } from './syntax.ts';

/** Splits a condition at an operator. */
export function partsOf(test: Expression, operator: '||' | '&&'): Expression[] {
  if (test.type !== 'LogicalExpression' || test.operator !== operator) return [test];
  return [...partsOf(test.left, operator), ...partsOf(test.right, operator)];
}

/** The last statement of a branch. */
export const lastOf = (statement: Statement): Statement | undefined =>
  statement.type === 'BlockStatement' ? statement.body.at(-1) : statement;

/** Outside of `database/`, a plain `Error` reports a mistake in the program, which no request can cause. */
function isMistake(source: Source, thrown: Expression): boolean {
  if (thrown.type !== 'NewExpression' || source.file.startsWith('packages/core/src/database/')) return false;
  return lastNameOf(thrown.callee) === 'Error';
}

/** Throws an error that was caught. */
const isRethrow = (thrown: Expression): boolean => thrown.type === 'Identifier';

/**
 * What a condition asks for: `user` in `!user`, `user === undefined` and `typeof user !== 'object'`. With `present` also in `user`,
 * `user !== undefined` and `user !== null`. `user === null` asks for nothing: code may work with null.
 */
function askedFor(condition: Expression, present: boolean): Node | undefined {
  if (condition.type === 'UnaryExpression' && condition.operator === '!' && !present) return condition.argument;
  if (condition.type !== 'BinaryExpression') return present ? condition : undefined;
  const { left, right, operator } = condition;
  if (left.type === 'UnaryExpression' && left.operator === 'typeof') return left.argument;
  if (operator.startsWith('!') !== present) return undefined;
  const isNull = right.type === 'Literal' && right.value === null;
  return (present && isNull) || lastNameOf(right) === 'undefined' ? left : undefined;
}

/** Whether a node reads the same value as an expression (`user`, `ctx.principal`). */
function reads(source: Source, node: Node, expression: Node): boolean {
  if (source.textOf(node) === source.textOf(expression)) return true;
  return node.type === 'Property' && node.shorthand && lastNameOf(node.key) === lastNameOf(expression);
}

/**
 * Whether a condition only asks if something exists that other code then uses. Without it that code cannot run, so this is no check.
 * @param present whether the condition is true if it exists
 */
export function isLookup(source: Source, condition: Expression, usedIn: readonly Node[], present = false): boolean {
  const asked = askedFor(condition, present);
  if (!asked || lastNameOf(asked) === undefined) return false;
  return usedIn.flatMap(nodesIn).some((node) => reads(source, node, asked));
}

/** The nodes after a statement, up to the end of the declaration around it. */
function after(source: Source, statement: Node): Node[] {
  const owner = source.ownerOf(statement)?.node;
  return owner ? nodesIn(owner).filter(({ start }) => start >= statement.end) : [];
}

/** Functions that run on a version of PostgreSQL only on which no mutation is tried. The project `postgresql-15` tests them. */
const untried: readonly string[] = ['stopInheriting'];

/** `if (…) throw …`: the condition is never true. Conditions that are joined by `||` are tried one at a time. */
function refusals(source: Source): Check[] {
  return source.nodes.flatMap((node) => {
    if (node.type !== 'IfStatement' || untried.includes(source.ownerOf(node)?.name ?? '')) return [];
    const last = lastOf(node.consequent);
    if (last?.type !== 'ThrowStatement' || isRethrow(last.argument) || isMistake(source, last.argument)) return [];
    const parts = partsOf(node.test, '||');
    const later = after(source, node);
    return parts
      .filter((part) => !isLookup(source, part, [...parts.filter((other) => other !== part), ...later]))
      .map((part) => {
        const behind: Mask[] = nodesIn(part).some((one) => calleeOf(one)?.startsWith('proves')) ? ['proof'] : [];
        return { ...check(source, 'refused', part, alwaysFalse, `if ${source.textOf(part)}`), behind };
      });
  });
}

/** `if (…) return; throw …`: the condition is always true. */
function passes(source: Source): Check[] {
  return source.nodes.flatMap((node) => {
    if (node.type !== 'BlockStatement' || node.body.at(-1)?.type !== 'ThrowStatement') return [];
    const parent = source.parentOf(node);
    if (!parent || !isFunction(parent)) return [];
    return node.body.flatMap((statement) => {
      if (statement.type !== 'IfStatement' || lastOf(statement.consequent)?.type !== 'ReturnStatement') return [];
      return partsOf(statement.test, '&&')
        .filter((part) => !isLookup(source, part, [statement.consequent], true))
        .map((part) => check(source, 'passed', part, alwaysTrue, `if ${source.textOf(part)}`));
    });
  });
}

/** `throw … ? one : another`: never throws the specific error of the two. */
function choices(source: Source): Check[] {
  return source.nodes.flatMap((node) => {
    if (node.type !== 'ThrowStatement' || node.argument.type !== 'ConditionalExpression') return [];
    const { test, consequent } = node.argument;
    const around = isRethrow(consequent) ? alwaysTrue : alwaysFalse;
    return [check(source, 'thrown', test, around, `throw ${source.textOf(test)} ? …`)];
  });
}

/** The names of functions that only refuse. */
const refuses = /^(?:authorize|require|refuse|check|prove)(?![a-z])/;

/** The names of functions that check who somebody is, and whether they have a permission. The API calls them before it calls a service. */
export const admits = /^(?:authorize\w*|requirePermission|requireSignedIn|requireInstanceAdmin|requireCaller)$/;

/** Notes when the call throws: only then does it matter that it is left out. */
const call = { before: '{ if (!OFF) try { ', after: ' } catch (refused) { FIRED; throw refused; } }' };

/** A call of a function that only refuses: it is left out. */
function calls(source: Source): Check[] {
  return source.nodes.flatMap((node) => {
    const callee = calleeOf(node);
    if (callee === undefined || !refuses.test(callee)) return [];
    const parent = source.parentOf(node);
    const whole = parent?.type === 'AwaitExpression' ? parent : node;
    const user = source.parentOf(whole);
    const isAnswer = user?.type === 'ArrowFunctionExpression' && user.body === whole;
    if (!isAnswer && user?.type !== 'ExpressionStatement') return [];
    const behind: Mask[] = ['sibling'];
    if (admits.test(callee)) behind.push('admission');
    // It names a subject, after the context and the permission.
    if (callee.startsWith('authorize') && node.type === 'CallExpression' && node.arguments.length > 2)
      behind.push('visibility');
    const [range, around] = isAnswer ? [whole, instead('undefined')] : [user, call];
    return [{ ...check(source, 'called', range, around, source.textOf(node)), callee, behind }];
  });
}

/** `decide(…).allowed`: always true. */
function decisions(source: Source): Check[] {
  return source.nodes.flatMap((node) => {
    if (node.type !== 'MemberExpression' || calleeOf(node.object) !== 'decide') return [];
    return lastNameOf(node) === 'allowed' ? [check(source, 'decided', node, alwaysTrue)] : [];
  });
}

/** The checks that are found by their form. */
export const checksIn = (source: Source): Check[] => [
  ...refusals(source),
  ...passes(source),
  ...choices(source),
  ...calls(source),
  ...decisions(source),
];
