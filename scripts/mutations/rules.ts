import type { Expression, Node } from 'oxc-parser';
import { isLookup, lastOf, partsOf } from './checks.ts';
import { alwaysFalse, alwaysTrue, type Check, check, instead } from './mutation.ts';
import { answerOf, calleeOf, functionOf, nodesIn, type Owner, ownerNamed, ownNodesOf, type Source } from './syntax.ts';

/** A function that decides what somebody may do or see, or that limits them. */
interface Rule {
  /** As `ownerNamed` takes it. */
  name: string;
  /** The code of the answer that allows. */
  passes?: string;
  /** The answer of its callbacks (of `filter`, `find`, `some`, `every`) that allows. */
  each?: boolean;
  /** Whether each `… ? one : another` in it allows by the second. */
  second?: boolean;
}

/** The functions whose checks have no form of their own. */
export const rules: readonly Rule[] = [
  { name: 'access/decide.ts grantsOf', each: true },
  { name: 'reaches', passes: 'true' },
  { name: 'checks.assignedOnly', passes: 'null' },
  { name: 'checks.workingHours', passes: 'null' },
  { name: 'failureOf', passes: 'null' },
  { name: 'access/decide.ts decide', passes: '{ allowed: true }' },
  { name: 'isPermitted', passes: 'true' },
  { name: 'opensClosed', passes: 'true' },
  { name: 'isShutOut', passes: 'false' },
  { name: 'access/decide.ts visibility', passes: "'all'", each: true },
  { name: 'isOpen', passes: 'true' },
  { name: 'covers', passes: 'true' },
  { name: 'reachesAs', passes: 'true' },
  { name: 'lastsAs', passes: 'true' },
  { name: 'coversAll', passes: 'true' },
  { name: 'isOwner', passes: 'true' },
  { name: 'refuseBeyondOwn', each: false },
  { name: 'widened', each: false },
  { name: 'refuseReachBeyondOwn', passes: 'undefined', each: false },
  { name: 'grantsAt', each: true },
  { name: 'isCutOff', passes: 'false' },
  { name: 'membershipIn', each: true },
  { name: 'principals/principal.ts narrowed', each: true },
  { name: 'endExcessSessions', passes: 'undefined' },
  { name: 'identity/throttle.ts waitFor', passes: '0' },
  { name: 'insertChange', second: true },
];

/** Makes a condition true (or false) more often. To make an `&&` true, each of its parts is left out in turn. */
function weaken(source: Source, node: Node, to: boolean): Check[] {
  if (node.type === 'Literal' && node.value === to) return [];
  if (node.type === 'UnaryExpression' && node.operator === '!') return weaken(source, node.argument, !to);
  if (node.type === 'ConditionalExpression')
    return [node.consequent, node.alternate].flatMap((branch) => weaken(source, branch, to));
  if (node.type === 'LogicalExpression' && node.operator === (to ? '&&' : '||')) {
    const parts = partsOf(node, node.operator);
    const others = (part: Node) => parts.filter((other) => other !== part);
    return parts
      .filter((part) => !isLookup(source, part, others(part), to))
      .flatMap((part) => weaken(source, part, to));
  }
  const answer = node.type === 'CallExpression' ? answerOf(node.arguments[0]) : undefined;
  if (answer && ['some', 'every'].includes(calleeOf(node) ?? '')) return weaken(source, answer, to);
  return [check(source, 'rule', node, to ? alwaysTrue : alwaysFalse)];
}

const isBoolean = (passes: string): boolean => passes === 'true' || passes === 'false';

/** Replaces an answer by the one that allows. */
function answers(source: Source, node: Expression, passes: string): Check[] {
  if (isBoolean(passes)) return weaken(source, node, passes === 'true');
  if (node.type === 'ConditionalExpression')
    return [node.consequent, node.alternate].flatMap((branch) => answers(source, branch, passes));
  return source.textOf(node) === passes ? [] : [check(source, 'rule', node, instead(passes))];
}

/** Does the same for each answer of a function, and makes its conditions lead to the answer that allows. */
function passing(source: Source, body: readonly Node[], passes: string): Check[] {
  return body.flatMap((node) => {
    if (node.type === 'ReturnStatement' && node.argument) {
      // `if (…) return …`: the condition is weakened instead, unless the answer is a boolean.
      const isConditional = source.parentOf(node)?.type === 'IfStatement';
      return isConditional && !isBoolean(passes) ? [] : answers(source, node.argument, passes);
    }
    if (node.type !== 'IfStatement') return [];
    const last = lastOf(node.consequent);
    if (last?.type === 'ThrowStatement') return [];
    const lets =
      last?.type === 'ReturnStatement' && passes === (last.argument ? source.textOf(last.argument) : 'undefined');
    if (!lets && isBoolean(passes)) return [];
    return weaken(source, node.test, lets);
  });
}

function checksBy({ passes, each, second }: Rule, owner: Owner): Check[] {
  const { source } = owner;
  const rule = functionOf(owner);
  const answer = answerOf(rule);
  const found: Check[] = [];
  if (passes !== undefined)
    found.push(...(answer ? answers(source, answer, passes) : passing(source, ownNodesOf(rule), passes)));
  for (const node of nodesIn(rule)) {
    const picks = node.type === 'CallExpression' && ['filter', 'find', 'some', 'every'].includes(calleeOf(node) ?? '');
    const callback = picks ? answerOf(node.arguments[0]) : undefined;
    if (callback && each !== undefined) found.push(...weaken(source, callback, each));
    if (second && node.type === 'ConditionalExpression') found.push(check(source, 'rule', node.test, alwaysFalse));
  }
  return found;
}

/** The checks in the rules, each once. */
export function checksOfRules(sources: readonly Source[], of: readonly Rule[] = rules): Check[] {
  const found = of.flatMap((rule) => checksBy(rule, ownerNamed(sources, rule.name)));
  const keys = found.map(({ file, start, end, before }) => `${file} ${start} ${end} ${before}`);
  return found.filter((_, index) => keys.indexOf(keys[index] ?? '') === index);
}
