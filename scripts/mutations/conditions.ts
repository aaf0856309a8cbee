import { basename } from 'node:path';
import { type Mutation, type Patch, read } from './mutation.ts';
import { enclosed, functionAt, testsAround } from './sources.ts';
import { apiSignIn } from './api.ts';
import { readDoor } from './walls.ts';

/** `if (…) throw …`, with what is thrown: on one line, on the next, or behind what makes the message. */
const refusing = /(?<=^\s+(?:\} else )?if )\(/gm;
const thrown = /^\s*(?:\{(?:(?!\bif \()[^{}])*?)?throw (?!new |error\b|cause\b)[^;]+;/;

/** The parts of a condition of which each alone is enough. */
function alternatives(condition: string): { text: string; at: number }[] {
  const parts: { text: string; at: number }[] = [];
  let start = 0;
  for (let at = 0, depth = 0; at <= condition.length; at++) {
    const character = condition[at] ?? '';
    if ('([{'.includes(character) && character) depth++;
    if (')]}'.includes(character) && character) depth--;
    if (at === condition.length || (depth === 0 && condition.startsWith('||', at))) {
      const text = condition.slice(start, at);
      const trimmed = text.trim();
      parts.push({ text: trimmed, at: start + text.indexOf(trimmed) });
      start = at + 2;
    }
  }
  return parts;
}

/** Whether there is what is worked with from here on: without it there is nothing to do, which is no check. */
function isLookup(condition: string, after: string): boolean {
  const [, name] = /^(?:!|typeof )?(?:\w+\.)?(\w+)(?: === undefined| !== '\w+')?$/.exec(condition) ?? [];
  const asks = /^!\w+$| === undefined$|^typeof /.test(condition);
  return asks && name !== undefined && new RegExp(String.raw`\b${name}\b`).test(after);
}

/** What is proven before work begins is proven again, in the transaction: each hides that the other is off. */
const proof = /^!proves\w*\(/;

/** Every condition under which a service refuses: it never holds. */
export function conditionsIn(root: string, file: string): Mutation[] {
  const text = read(root, file);
  const found = [...text.matchAll(refusing)].flatMap(({ index }) => {
    const condition = enclosed(text, index);
    const from = index + condition.length;
    const [refusal] = thrown.exec(text.slice(from)) ?? [];
    if (refusal === undefined) return [];
    const after = text.slice(from + refusal.length, text.indexOf('\n}\n', from));
    const parts = alternatives(condition.slice(1, -1));
    return parts
      .filter(
        (part) =>
          !isLookup(
            part.text,
            parts
              .filter((other) => other !== part)
              .map(({ text: other }) => other)
              .join('\n') + after,
          ),
      )
      .map(({ text: find, at }): Patch & { at: number } => {
        // A proof fails only where the one before it is off: whoever comes by has to be asked, also when it holds.
        const around = proof.test(find) ? (['(!OFF && (', '))'] as const) : (['((', ') && !OFF)'] as const);
        return { file, find, replace: `(${find}) && false`, at: index + 1 + at, around };
      });
  });
  return found.map((patch): Mutation => {
    const others = found.filter((other) => other !== patch && proof.test(other.find) && proof.test(patch.find));
    const within = functionAt(text, patch.at);
    return {
      name: `refused: ${basename(file)} ${within} if ${patch.find.replaceAll(/\s+/g, ' ')}`,
      patches: [patch],
      masks: patch.find === '!ctx.principal' ? [apiSignIn] : others,
      tests: testsAround(root, file, within),
    };
  });
}

/** A query that names whose rows it means, or which of them still count. */
const narrowing =
  /(?<=\.)where\('(?:\w+\.)?(?:organization_id|user_id|is_active|deleted_at|kind|valid_to|revoked_at|used_at|expires_at|(?<=(?:memberships|invitations)\.)status)', (?!'in')/g;

/** A row that is known, by its whole key, or what is part of one: its id says alone whose it is. */
const isKey = /^\.where\('(?:\w+\.)?organization_id', '=', [^)]+\)\s*\.where\('(?:\w+\.)?(?:identity_provider_)?id',/;

/** Every condition on whose rows a query means: it means everybody's. */
export function narrowingsIn(root: string, file: string): Mutation[] {
  const text = read(root, file);
  return [...text.matchAll(narrowing)].flatMap(({ index }) => {
    const call = `.where${enclosed(text, index + 'where'.length)}`;
    if (/\binput\b/.test(call) || isKey.test(text.slice(index - 1))) return [];
    const within = functionAt(text, index);
    return {
      name: `narrowed: ${basename(file)} ${within} ${call}`,
      patches: [{ file, find: call, replace: '', at: index - 1, around: ['.$if(!OFF, (narrowed) => narrowed', ')'] }],
      masks: [readDoor],
      tests: testsAround(root, file, within),
    };
  });
}
