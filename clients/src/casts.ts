import { parseSync, Visitor } from 'oxc-parser';

/** Finds what silences the compiler in a text: casts, `any` and `!`. `as const` is no cast. */
export function castsIn(text: string): string[] {
  const found: string[] = [];
  const note = ({ start, end }: { start: number; end: number }) => found.push(text.slice(start, end));
  const isConst = (type: { start: number; end: number }) => text.slice(type.start, type.end) === 'const';
  const { program, comments } = parseSync('walk.ts', text);
  new Visitor({
    TSAsExpression: (node) => void (isConst(node.typeAnnotation) || note(node)),
    TSTypeAssertion: note,
    TSNonNullExpression: note,
    TSAnyKeyword: note,
  }).visit(program);
  for (const comment of comments) if (/@ts-/.test(comment.value)) note(comment);
  return found;
}
