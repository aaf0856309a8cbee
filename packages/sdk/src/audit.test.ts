import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { registerOwner } from '../testing/people.ts';
import { present, thrownBy } from '../testing/world.ts';
import { type AuditRow, verifyAuditTrail } from './audit.ts';
import { createTenon, type Tenon } from './index.ts';

const titles = ['One', 'Two', 'Three', 'Four', 'Five', 'Six'];

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
let tenon: Tenon;
let head: { sequence: number; hash: string };
let jsonl: string;

/** Waits until all titles are in the trail. */
async function waitForHead(): Promise<typeof head> {
  for (;;) {
    const { data } = await tenon.audit.list({ type: ['task.created'] });
    if (data.length < titles.length) continue;
    const { sequence, hash } = await tenon.audit.head();
    return { sequence, hash };
  }
}

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
  tenon = createTenon({ baseUrl: server.url });
  const { login, password } = await registerOwner(tenon);
  await tenon.auth.login({ login, password });
  for (const title of titles) await tenon.tasks.create({ title });
  head = await waitForHead();
  jsonl = await new Response((await tenon.audit.export({})).body).text();
});
afterAll(async () => {
  await server?.kill('SIGKILL');
  directory.remove();
});

const rows = (): AuditRow[] =>
  jsonl
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
/** The row at which the tests change something. */
const at = 3;
const row = (): AuditRow => present(rows()[at - 1]);
const replacing = (changes: object): AuditRow[] => rows().with(at - 1, { ...row(), ...changes });

async function* arriving(some: readonly AuditRow[]) {
  yield* some;
}

test('an export is verified without the server, as a stream, a text or rows', async () => {
  const file = await tenon.audit.export({});
  expect(file).toMatchObject({ size: null, range: null, mediaType: 'application/jsonl; charset=utf-8' });
  expect(file.fileName).toBe(`audit-1-${head.sequence}.jsonl`);
  const expected = { valid: true, checked: head.sequence, erased: 0, problem: null };
  for (const trail of [file.body, jsonl, jsonl.trimEnd(), rows(), arriving(rows())])
    expect(await verifyAuditTrail(trail, { head })).toMatchObject({ ...expected, head: { hash: head.hash } });
  expect(await tenon.audit.verify(head)).toMatchObject(expected);
  expect(await verifyAuditTrail('')).toEqual({ valid: true, checked: 0, erased: 0, head: null, problem: null });
});

test('a part is verified from where it begins', async () => {
  const { body } = await tenon.audit.export({ fromSequence: at, toSequence: at + 2 });
  const part = await new Response(body).text();
  expect(await verifyAuditTrail(part, { from: at })).toMatchObject({ valid: true, checked: 3 });
  expect(await verifyAuditTrail(part)).toMatchObject({ valid: false, problem: { kind: 'missing', sequence: 1 } });
});

test.each<[string, () => AuditRow[], string]>([
  ['another type', () => replacing({ type: 'task.deleted' }), 'altered'],
  ['another actor', () => replacing({ actorId: null }), 'altered'],
  ['another key', () => replacing({ apiKeyId: row().id }), 'altered'],
  ['another entity', () => replacing({ entity: { type: 'task', id: row().id } }), 'altered'],
  ['another parent', () => replacing({ parent: row().entity }), 'altered'],
  ['another time', () => replacing({ at: '2020-01-01T00:00:00.000Z' }), 'altered'],
  ['another id', () => replacing({ id: row().entity.id }), 'altered'],
  ['another organization', () => replacing({ organizationId: row().id }), 'altered'],
  ['another request', () => replacing({ requestId: 'other' }), 'altered'],
  ['another payload', () => replacing({ payload: { changes: {}, data: {} } }), 'altered'],
  ['another salt', () => replacing({ salt: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'altered'],
  ['no salt', () => replacing({ salt: null }), 'altered'],
  ['another hash of the payload', () => replacing({ payloadHash: row().hash }), 'altered'],
  ['another hash before', () => replacing({ previousHash: row().payloadHash }), 'altered'],
  ['another hash', () => replacing({ hash: row().payloadHash }), 'altered'],
  ['a hash that is none', () => replacing({ hash: '!' }), 'altered'],
  ['a missing row', () => rows().toSpliced(at - 1, 1), 'missing'],
  ['a row twice', () => rows().toSpliced(at - 1, 0, present(rows()[at - 2])), 'inserted'],
  ['two rows exchanged', () => rows().toSpliced(at - 1, 2, present(rows()[at]), row()), 'reordered'],
])('%s is found and named', async (_name, tampered, kind) => {
  expect(await verifyAuditTrail(tampered())).toMatchObject({
    valid: false,
    checked: at - 1,
    problem: { kind, sequence: at },
  });
});

test('a cut end is found by a head that was kept', async () => {
  const cut = rows().slice(0, -2);
  expect(await verifyAuditTrail(cut)).toMatchObject({ valid: true });
  const problem = { kind: 'truncated', sequence: head.sequence - 1 };
  expect(await verifyAuditTrail(cut, { head })).toMatchObject({ valid: false, problem });
});

test('an erased payload leaves the trail valid', async () => {
  const erased = replacing({ salt: null, payload: null });
  expect(await verifyAuditTrail(erased, { head })).toMatchObject({ valid: true, erased: 1 });
});

test('a line that is no row is an error', async () => {
  for (const line of ['{"sequence":', '7', 'null', '{}'])
    expect(await thrownBy(verifyAuditTrail(`${jsonl}${line}\n`))).toEqual(
      new TypeError(`Line ${head.sequence + 1} is not a row of an audit trail.`),
    );
});
