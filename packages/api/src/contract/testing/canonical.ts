import { createHash } from 'node:crypto';

/*
 * Replaces what differs from run to run in recorded requests and answers, so that examples stay the same as long as the API does. Ids,
 * names and secrets become others of the same form. The same object has the same id in all examples.
 */

/** What is known of an id: the table of its row, and what people call the row. */
export interface Named {
  readonly table: string;
  readonly name: string;
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const randomUuid = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';

/** Whom the test platform calls `User 12`, in the order in which a scene adds them. Ada owns the organization, Charles manages. */
const people = [
  'Ada Lovelace',
  'Grace Hopper',
  'Mary Somerville',
  'Charles Babbage',
  'Alan Turing',
  'Katherine Johnson',
  'Edsger Dijkstra',
  'Barbara Liskov',
  'Annie Easley',
  'Donald Knuth',
  'Radia Perlman',
  'Niklaus Wirth',
  'Frances Allen',
  'Tony Hoare',
  'Hedy Lamarr',
] as const;

const projectKeys = ['HALL', 'YARD', 'QUAY'];

/** Numbers that depend on the speed of the machine or on chance, by the name of their field. */
const numbers: Readonly<Record<string, number>> = { durationMs: 4, meanMs: 4.2, p95Ms: 9, maxTasks: 1_000_000 };

/** Texts whose form does not show that they are random, by the name of their field. */
const texts: Readonly<Record<string, string>> = {
  requestId: '0199f1a0-0000-7000-8000-000000000001',
  digestAt: '08:00',
  recoveryCodes: 'exam-ples-only',
};

/** Text that looks like no secret, and is not longer than one of this length or than 28 characters. */
const placeholder = (length: number): string => 'Example'.repeat(5).slice(0, Math.min(length, 28));

const tokens = /[\w-]{16,}(?:\.[\w-]{16,})*/g;

const headerName = /^(?:[A-Z][a-z]*-?)+$/;

/** Whether a run of letters, digits, `-` and `_` is a token: words are in one case, and names of headers are known by their form. */
const isToken = (run: string): boolean => /[a-z]/.test(run) && /[A-Z]/.test(run) && !headerName.test(run);

/** An id of the form of version 7. */
function idOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return `0199f1a0-${hex.slice(0, 4)}-7${hex.slice(4, 7)}-8${hex.slice(7, 10)}-${hex.slice(10, 22)}`;
}

/** The recorded texts of one scene, and what replaces them. */
export class Canon {
  readonly #named: (id: string) => Named | undefined;
  /** The number of the first user of the scene. */
  readonly #firstUser: number;
  readonly #ids = new Map<string, string>();
  readonly #projects = new Map<string, string>();

  /** @param firstEmail the address of the owner of the scene's organization */
  constructor(firstEmail: string, named: (id: string) => Named | undefined) {
    this.#named = named;
    this.#firstUser = Number(/\d+/.exec(firstEmail)?.[0]);
  }

  /** Replaces what differs in a JSON value. Ids are numbered by age, so all values that show the same objects go in at once. */
  replace<Value>(value: Value): Value {
    this.#learn(JSON.stringify(value));
    return this.#walk(value, '') as Value;
  }

  #learn(json: string): void {
    const found = new Set(json.match(new RegExp(uuid, 'g')));
    const used = new Map<string, number>();
    for (const id of [...found].toSorted()) {
      const known = this.#named(id);
      if (!known) continue;
      const { table, name } = known;
      const key = `${table} ${this.#text(name, '')}`;
      const count = (used.get(key) ?? 0) + 1;
      used.set(key, count);
      this.#ids.set(id, idOf(count === 1 ? key : `${key} ${count}`));
    }
  }

  #walk(value: unknown, key: string): unknown {
    if (typeof value === 'string') return this.#text(value, key);
    if (typeof value === 'number') return numbers[key] ?? value;
    if (Array.isArray(value)) return value.map((item) => this.#walk(item, key));
    if (typeof value !== 'object' || value === null) return value;
    // The mean of no requests is zero.
    const isIdle = 'requests' in value && value.requests === 0;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, isIdle ? member : this.#walk(member, name)]),
    );
  }

  #text(text: string, key: string): string {
    const known = texts[key];
    if (known !== undefined) return known;
    if (key === 'code' && /^\d{6}$/.test(text)) return '123456';
    // The key of a role is made from its name.
    const named = this.#name(key === 'key' ? text.replace(/-[0-9a-f][0-9a-f-]{3,}$/, '') : text);
    // The names of fields are in one word too.
    return key === 'path' ? named : named.replaceAll(tokens, (run) => (isToken(run) ? placeholder(run.length) : run));
  }

  #name(text: string): string {
    return text
      .replaceAll(new RegExp(`${randomUuid}@`, 'g'), 'robin@')
      .replaceAll(new RegExp(`(?<=[a-z])[ -]${randomUuid}`, 'g'), '')
      .replaceAll(new RegExp(`${uuid} `, 'g'), 'another ')
      .replaceAll(new RegExp(`(?<=hooks\\.example\\.com/)${randomUuid}`, 'g'), 'tenon')
      .replaceAll(new RegExp(uuid, 'g'), (id) => this.#ids.get(id) ?? idOf('unknown'))
      .replaceAll('http://localhost:8000', 'https://tenon.example.com')
      .replaceAll(/http:\/\/localhost:\d+/g, 'https://id.example.com')
      .replaceAll('http%3A%2F%2Flocalhost%3A8000', 'https%3A%2F%2Ftenon.example.com')
      .replaceAll(/http%3A%2F%2Flocalhost%3A\d+/g, 'https%3A%2F%2Fid.example.com')
      .replaceAll('localhost', 'tenon.example.com')
      .replaceAll(/^(?:lightMyRequest|vitest)$/g, 'curl/8.5.0')
      .replaceAll(/\b127\.0\.0\.1\b/g, '192.0.2.7')
      .replaceAll(/\b[Uu]ser[- ](\d+)\b/g, (found, number: string) => this.#person(found, Number(number)))
      .replaceAll(/\b(acme|guests|hosts|elsewhere)-\d+\b/g, '$1')
      .replaceAll(/\bP[0-9A-F]{8}\b/g, (found) => this.#project(found))
      .replaceAll(/\b(sk|whsec)_[\w+/=-]{8,}/g, '$1_Example')
      .replaceAll(/\b[A-Z2-7]{32}\b/g, () => 'EXAMPLE'.repeat(4));
  }

  #person(found: string, number: number): string {
    const name = people[(number - this.#firstUser) % people.length] ?? people[0];
    return found.startsWith('U') ? name : name.replace(/ .*/, '').toLowerCase();
  }

  #project(key: string): string {
    const known = this.#projects.get(key) ?? projectKeys[this.#projects.size] ?? `HALL${this.#projects.size}`;
    this.#projects.set(key, known);
    return known;
  }
}
