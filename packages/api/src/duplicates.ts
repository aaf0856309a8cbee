const quote = 34;
const backslash = 92;

/** Finds the end of a JSON string that begins at `from`: the position after its closing quote. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** An object or an array that is open at a place in the text. */
interface Open {
  /** The members of an object so far. Null for an array. */
  readonly names: Set<string> | null;
  /** The name of the current member, or the index of the current item. */
  at: string | number;
  /** Whether the next string is the name of a member. */
  awaitsName: boolean;
}

/**
 * Finds the members that occur twice in one object, as the names that lead to them. `JSON.parse` silently keeps the last of them, while
 * something in front of this server may have checked the first (RFC 8259, section 4).
 * @param text valid JSON; of other text it finds anything or nothing
 */
export function duplicateMembers(text: string): (string | number)[][] {
  const found: (string | number)[][] = [];
  const open: Open[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const current = open.at(-1);
    if (code === quote) {
      const end = endOfString(text, at);
      if (current?.names && current.awaitsName) {
        const name = decode(text.slice(at, end));
        current.at = name;
        current.awaitsName = false;
        if (current.names.has(name)) found.push(open.map((one) => one.at));
        current.names.add(name);
      }
      at = end - 1;
    } else if (code === 123) open.push({ names: new Set(), at: '', awaitsName: true });
    else if (code === 91) open.push({ names: null, at: 0, awaitsName: false });
    else if (code === 125 || code === 93) open.pop();
    else if (code === 44 && current) {
      if (typeof current.at === 'number') current.at += 1;
      else current.awaitsName = true;
    }
  }
  return found;
}

/** The name that a JSON string spells: `"\u0061"` is `a`. */
function decode(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal;
  }
}
