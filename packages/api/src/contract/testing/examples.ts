import { accessTokenOf, TestClock, whileMutating } from '@tenon/core/testing';
import type { Operation } from '../../operation.ts';
import type { Problem } from '../../problem.ts';
import { ProblemSchema } from '../../problem-schema.ts';
import type { Examples, OperationExample } from '../../rest/examples.ts';
import { isJson, type Json } from '../../rest/json-schema.ts';
import { Canon, type Named } from './canonical.ts';
import { type Case, cases } from './cases.ts';
import { fieldsOf, missingIds, namesById, onlyRequired } from './fields.ts';
import { problemCalls } from './problem-calls.ts';
import { openScene, operations, type Person, type Scene } from './scene.ts';
import { type Fields, type Reply, streamEventsIn } from './wire.ts';

/** When everything in the examples happens. */
const when = new Date('2026-11-02T09:00:00.000Z');

/** No operation has this name. */
const dryRunName = 'dryRun';

/** How many items of a list an example shows. */
const shown = 1;

const shorten = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice(0, shown).map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shorten(member)]));
};

/** The body that a client sends with an input. Undefined where that is no JSON, or no body. */
function bodyOf({ kind, hasBody, parameters, input }: Operation, fields: Fields): Json | undefined {
  const takesNone = Object.keys(input.shape).every((name) => parameters.has(name));
  if (!hasBody || kind === 'upload' || takesNone) return undefined;
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !parameters.has(name) && value !== undefined),
  );
}

/** What one operation was sent and has answered, and the problems that it answered on the way. */
interface Recorded {
  readonly name: string;
  /** The address of whoever was the first in the organization. */
  readonly firstEmail: string;
  /** With the fields of the path. */
  readonly input: Fields;
  readonly example: OperationExample;
  readonly problems: readonly Problem[];
}

/** What an example shows of an answer. Undefined for nothing, and for a file, whose bytes JSON cannot contain. */
function shownOf({ kind, output }: Operation, { data, text }: Reply): unknown {
  if (kind === 'stream') return streamEventsIn(text);
  return output === null ? undefined : shorten(data);
}

/** Writes what is written in the background, so that the next answer does not depend on when. */
async function settle({ platform }: Scene): Promise<void> {
  await platform.sealer.sealAll();
  await platform.apiLog.write();
}

/**
 * Calls an operation. A query is called twice, so that there was something to report, and a list without its filters when they match
 * nothing. Of a stream it reads the beginning and one thing that happened, to whatever it happened.
 */
async function answerOf({ name, operation }: Case, input: Fields, owner: Person, scene: Scene): Promise<Reply> {
  if (operation.kind === 'stream') {
    const ids = new Set(
      fieldsOf(operation)
        .filter(namesById)
        .map((field) => field.name),
    );
    const wide = Object.fromEntries(Object.entries(input).filter(([field]) => !ids.has(field)));
    const headers = { 'x-organization-id': owner.organization.id };
    return scene.call('rest', name, wide, { token: owner.token, headers, events: 2 });
  }
  const call = (fields: Fields) => scene.callAs(owner, 'rest', name, fields);
  if (operation.type !== 'query' || operation.kind !== 'json') return call(input);
  await call(input);
  await settle(scene);
  const reply = await call(input);
  const found = isJson(reply.data) ? reply.data['data'] : undefined;
  return Array.isArray(found) && found.length === 0 ? call(onlyRequired(operation, input)) : reply;
}

/** Calls an operation in an organization of its own, so that numbers and totals are the same whatever was called before. */
async function record(one: Case, scene: Scene, names: Names): Promise<Recorded> {
  const { name, operation } = one;
  const { owner } = (await scene.inhabit('Acme')).people;
  const input = await one.input(owner, scene);
  await settle(scene);
  await names.learn(scene, renamed);
  const problems: (Problem | null)[] = [];
  for (const field of fieldsOf(operation).filter(namesById)) {
    const wrong = { ...input, [field.name]: missingIds(input[field.name]) };
    problems.push((await scene.callAs(owner, 'rest', name, wrong)).problem);
  }
  const reply = await answerOf(one, input, owner, scene);
  if (reply.problem) throw new Error(`${name} answered ${JSON.stringify(reply.problem)}`);
  problems.push((await scene.callAs(owner, 'rest', name, input)).problem);
  const request = bodyOf(operation, input);
  const answer = shownOf(operation, reply);
  return {
    name,
    firstEmail: owner.email,
    input,
    example: { ...(request && { request }), ...(answer !== undefined && { answer }) },
    problems: problems.filter((problem) => problem !== null),
  };
}

async function recordDryRun(scene: Scene): Promise<Recorded> {
  const { owner } = (await scene.inhabit('Acme')).people;
  const input = { title: 'Count the boxes' };
  const { data } = await scene.callAs(owner, 'rest', 'tasks.create', input, { 'dry-run': 'true' });
  return { name: dryRunName, firstEmail: owner.email, input, example: { answer: shorten(data) }, problems: [] };
}

function provoked(code: string, firstEmail: string, problem: Problem | null): Recorded {
  if (problem?.code !== code) throw new Error(`${code} was to be provoked, and not ${JSON.stringify(problem)}.`);
  return { name: code, firstEmail, input: {}, example: {}, problems: [problem] };
}

/**
 * What other servers answer: one to which nobody can sign up, and one on PostgreSQL, where two requests with one key run at the same time.
 * On SQLite the second would wait for the first.
 */
async function recordElsewhere(): Promise<Recorded[]> {
  const settings = { signUp: 'closed', postgres: { lockTimeout: 0.1 } } as const;
  const scene = await openScene('postgresql', { clock: new TestClock(when), settings });
  try {
    const member = await scene.acme.addMember('member');
    const token = await accessTokenOf(scene.platform, member);
    const input = { title: 'Count the boxes' };
    const first = member.ctx({ procedure: 'tasks.create', input, idempotencyKey: 'twins' });
    const headers = { 'idempotency-key': 'twins' };
    const twin = await whileMutating(first, () => scene.call('rest', 'tasks.create', input, { token, headers }));
    const account = { email: 'robin@example.com', password: 'correct horse battery' };
    const closed = await scene.call('rest', 'auth.register', account);
    return [
      provoked('idempotency_in_progress', member.email, twin.problem),
      provoked('sign_up_closed', member.email, closed.problem),
    ];
  } finally {
    await scene.dispose();
  }
}

/** What people call a row, in this order. */
const columns = ['title', 'username', 'email', 'full_name', 'name', 'label', 'file_name', 'url', 'type'];

/** The tables in which operations change a name. */
const renamed = [
  'api_keys',
  'departments',
  'identity_providers',
  'passkeys',
  'projects',
  'tags',
  'tasks',
  'teams',
  'webhooks',
];

/** The names that rows had when they were seen first, by id. */
class Names {
  readonly #seen = new Map<string, Named>();

  /** @param only the tables to read. @default all */
  async learn(scene: Scene, only?: readonly string[]): Promise<void> {
    for (const [table, rows] of Object.entries(await scene.dump(only)))
      for (const row of rows) {
        const { id } = row;
        if (typeof id !== 'string' || this.#seen.has(id)) continue;
        const name = columns.map((column) => row[column]).find((value) => typeof value === 'string');
        this.#seen.set(id, { table, name: typeof name === 'string' ? name : '' });
      }
  }

  readonly of = (id: string): Named | undefined => this.#seen.get(id);
}

const sorted = <Value>(record: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Compares the answer of an example with what its operation answers. */
function checksOf({ kind, events, output }: Operation, answer: unknown): { error?: Error }[] {
  if (kind === 'stream' && Array.isArray(answer))
    return answer.filter(isJson).map(({ event, data }) => {
      const schema = events[String(event)] ?? events['*'];
      return schema?.safeParse(data) ?? { error: new Error(`There is no event ${String(event)}.`) };
    });
  return output === null ? [] : [output.safeParse(answer)];
}

/** Why an example is not what its operation takes or answers. Null when it is. */
function faultOf(name: string, input: Fields, { request, answer }: OperationExample): string | null {
  const operation = operations.get(name);
  if (!operation) return null;
  const checks = [
    ...(request ? [operation.input.safeParse(input)] : []),
    ...(answer === undefined ? [] : checksOf(operation, answer)),
  ];
  const fault = checks.find(({ error }) => error);
  return fault?.error ? `${name}: ${fault.error.message}` : null;
}

export interface RecordedExamples extends Examples {
  /** Why some are not valid, if they are not. */
  readonly invalid: readonly string[];
}

/** Calls every operation with its sample, and answers how it went in a form that is always the same. */
export async function recordExamples(): Promise<RecordedExamples> {
  const scene = await openScene('sqlite', { clock: new TestClock(when) });
  try {
    const names = new Names();
    const recorded: Recorded[] = [];
    for (const { code, call } of problemCalls) {
      const { people } = await scene.inhabit('Acme');
      recorded.push(provoked(code, people.owner.email, await call({ scene, ...people })));
    }
    recorded.push(...(await recordElsewhere()));
    recorded.push(await recordDryRun(scene));
    for (const one of cases) recorded.push(await record(one, scene, names));
    await names.learn(scene);
    const examples: Record<string, OperationExample> = {};
    const problems: Record<string, Json> = {};
    const invalid: string[] = [];
    let dryRun: unknown;
    for (const { name, firstEmail, input, example, problems: found } of recorded) {
      const canonical = new Canon(firstEmail, names.of).replace({ input, example, found });
      const fault = faultOf(name, canonical.input, canonical.example);
      if (fault) invalid.push(fault);
      if (name === dryRunName) dryRun = canonical.example.answer;
      if (operations.has(name)) examples[name] = canonical.example;
      for (const problem of canonical.found) {
        problems[problem.code] ??= { ...problem };
        if (!ProblemSchema.strict().safeParse(problem).success) invalid.push(problem.code);
      }
    }
    return { operations: examples, problems: sorted(problems), dryRun, invalid };
  } finally {
    await scene.dispose();
  }
}
