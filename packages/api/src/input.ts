import type { FieldError } from '@tenon/core';
import { type PointerOf, wrongField } from './errors.ts';

/** The most levels of objects and arrays in each other. The input itself counts as one. */
const deepest = 32;

/** Names that reach an object's prototype in careless programs. */
export const polluting: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

/**
 * Finds input that is wrong under every schema: JSON that is nested too deep, names that reach an object's prototype, numbers
 * beyond the doubles, and text that a database cannot store (NUL, lone surrogates).
 */
export function inspect(input: unknown, pointerOf: PointerOf): FieldError[] {
  const found: FieldError[] = [];
  const at: string[] = [];
  const report = (message: string) => found.push(wrongField(pointerOf(at), message));

  const visit = (value: unknown, depth: number): void => {
    if (typeof value === 'string') {
      if (!isStorable(value)) report('Text must be well-formed Unicode without NUL characters.');
    } else if (typeof value === 'number') {
      // JSON.parse reads 1e400 as Infinity, which would be answered and stored as null.
      if (!Number.isFinite(value)) report('Numbers must be at most 1.8e308 in size.');
    } else if (typeof value === 'object' && value !== null) {
      if (depth > deepest) report(`Nested deeper than ${deepest} levels.`);
      else for (const name of Object.keys(value)) visitMember(value, name, depth);
    }
  };
  const visitMember = (parent: object, name: string, depth: number): void => {
    at.push(name);
    if (polluting.has(name)) report('This name is not allowed.');
    else if (!isStorable(name)) report('Names must be well-formed Unicode without NUL characters.');
    else visit(Reflect.get(parent, name), depth + 1);
    at.pop();
  };

  visit(input, 1);
  return found;
}
