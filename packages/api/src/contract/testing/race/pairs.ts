import { type Case, cases } from '../cases.ts';
import type { Fields } from '../wire.ts';

/** A field of a mutation that names something, and the kind of what it names. */
interface Naming {
  field: string;
  kind: string;
}

/** Two mutations at once on one thing: the first names it in one field, and the second in another. */
export interface Pair {
  name: string;
  kind: string;
  first: Case;
  second: Case;
  /** The input of the second, aimed at what the first is about. */
  aim(first: Fields, second: Fields): Fields;
}

/** What the fields name whose name does not say it. The kinds are the segments of the paths. */
const people = ['userId', 'toUserId', 'assigneeIds'];

const plural = (word: string): string => `${word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}s`;

/** The things that a mutation names: `teamId` names one of the teams, `parentId` another one of its own kind. */
function namingsOf({ operation }: Case): Naming[] {
  const segments = operation.path.split('/');
  const own = segments[1] ?? '';
  const inPath = [...operation.parameters].map((field) => {
    const above = segments[segments.indexOf(`{${field}}`) - 1] ?? '';
    return { field, kind: above === 'members' ? 'users' : above };
  });
  const inBody = Object.keys(operation.input.shape)
    .filter((field) => !operation.parameters.has(field))
    .flatMap((field): Naming[] => {
      if (people.includes(field)) return [{ field, kind: 'users' }];
      if (field === 'parentId') return [{ field, kind: own }];
      const [, word] = /^(\w+?)Ids?$/.exec(field) ?? [];
      return word === undefined ? [] : [{ field, kind: plural(word) }];
    });
  return [...inPath, ...inBody];
}

const idIn = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);
const inFormOf = (value: unknown, id: unknown): unknown => (Array.isArray(value) ? [id] : id);

/** Points the second at what the first names. When both also name a parent, the parent of the second is what the first changes. */
const aimed =
  (of: Naming, at: Naming) =>
  (first: Fields, second: Fields): Fields => {
    const input = { ...second, [at.field]: inFormOf(second[at.field], idIn(first[of.field])) };
    return of.field === 'parentId' && at.field === 'id' && 'parentId' in second
      ? { ...input, parentId: first['id'] }
      : input;
  };

const mutations = cases.filter(
  ({ name, operation }) => operation.type === 'mutation' && !name.startsWith('auth.') && operation.kind === 'json',
);

/** Every two mutations that can touch one thing, and every way in which they can. */
export const pairs: readonly Pair[] = mutations.flatMap((first, index) =>
  mutations.slice(index).flatMap((second) =>
    namingsOf(first).flatMap((of) =>
      namingsOf(second)
        .filter(({ kind }) => kind === of.kind)
        .map((at) => ({
          name: `${first.name} ${of.field} × ${second.name} ${at.field}`,
          kind: of.kind,
          first,
          second,
          aim: aimed(of, at),
        })),
    ),
  ),
);
