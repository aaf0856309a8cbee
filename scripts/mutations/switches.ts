import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Switch } from './mutation.ts';
import type { Plan } from './runtime.ts';
import { ownerNamed, readSource } from './syntax.ts';

interface Insertion {
  at: number;
  /** Decides between insertions at the same offset: compared number by number, the lowest comes first. */
  order: readonly number[];
  text: string;
}

const question = (text: string, number: number): string =>
  text
    .replaceAll(/\bOFF\b/g, `globalThis.switches?.off(${number})`)
    .replaceAll(/\bFIRED\b/g, `globalThis.switches?.fired(${number})`);

/** At one offset, texts that close come before texts that open. The texts of a longer piece are outside those of a shorter one. */
function insertionsOf({ start, end, before, after }: Switch, number: number): Insertion[] {
  const length = end - start;
  return [
    { at: start, order: [1, -length, number], text: question(before, number) },
    { at: end, order: [length === 0 ? 1 : 0, length, -number], text: question(after, number) },
  ];
}

function inserted(text: string, insertions: readonly Insertion[]): string {
  const sorted = insertions.toSorted((a, b) => {
    const orders = a.order.map((value, index) => value - (b.order[index] ?? 0));
    return a.at - b.at || (orders.find((difference) => difference !== 0) ?? 0);
  });
  let result = '';
  let last = 0;
  for (const { at, text: piece } of sorted) {
    result += text.slice(last, at) + piece;
    last = at;
  }
  return result + text.slice(last);
}

/** Numbers everything that can be switched off. */
export class Switches {
  readonly #numbers = new Map<string, number>();
  readonly #known: Switch[] = [];

  numbersOf(switches: readonly Switch[]): number[] {
    return switches.map((one) => {
      const key = JSON.stringify([one.file, one.start, one.end, one.before, one.after]);
      const number = this.#numbers.get(key) ?? this.#known.push(one) - 1;
      this.#numbers.set(key, number);
      return number;
    });
  }

  /** Inserts the switches of a file into its text. */
  textOf(file: string, text: string): string {
    const insertions = this.#known.flatMap((one, number) => (one.file === file ? insertionsOf(one, number) : []));
    return inserted(text, insertions);
  }

  /** The texts of all files that have switches. */
  texts(root: string): Map<string, string> {
    const files = new Set(this.#known.map(({ file }) => file));
    return new Map([...files].map((file) => [file, this.textOf(file, readFileSync(join(root, file), 'utf8'))]));
  }
}

const databases = 'packages/core/src/testing/databases.ts';

/** The helper of the tests that creates databases. It uses the dialects of the run, and changes databases as the plan says. */
export function testDatabases(root: string): [file: string, text: string] {
  const source = readSource(root, databases);
  const dialects = ownerNamed([source], 'dialects').node;
  const create = ownerNamed([source], 'createTestDatabase').node;
  if (dialects.type !== 'VariableDeclarator' || !dialects.init)
    throw new Error(`${databases} does not declare the dialects.`);
  if (create.type !== 'FunctionDeclaration' || !create.body)
    throw new Error(`${databases} does not declare createTestDatabase.`);
  const change = `if (dialect === 'postgresql' && globalThis.switches?.sql) {
    const client = new pg.Client({ connectionString: asSuperuser(created.url) });
    await client.connect();
    await client.query(globalThis.switches.sql);
    await client.end();
  }`;
  const insert = (at: number, text: string): Insertion => ({ at, order: [], text });
  return [
    databases,
    inserted(source.text, [
      insert(dialects.init.start, '(globalThis.switches?.dialects ?? ('),
      insert(dialects.init.end, '))'),
      insert(create.body.start + 1, 'const created = await (async () => {'),
      insert(create.body.end - 1, `})(); ${change} return created;`),
    ]),
  ];
}

/** A copy of a test file that runs by a plan. */
export interface SwitchedTest {
  path: string;
  text: string;
}

/** Makes a copy of a test file, for the same folder. Its name is different for each plan. */
export function switchedTest(root: string, file: string, plan: Plan): SwitchedTest {
  const end = ['.isolated.test.ts', '.test.ts'].find((one) => file.endsWith(one)) ?? '';
  const json = JSON.stringify(plan);
  const id = createHash('sha256').update(json).digest('hex').slice(0, 16);
  return {
    path: `${dirname(file)}/${basename(file, end)}.${id}${end}`,
    text: `globalThis.switches.begin(${json});\n${readFileSync(join(root, file), 'utf8')}`,
  };
}
