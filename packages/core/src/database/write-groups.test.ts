import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOrganization, createTestPlatform, type TestOrganization, type TestPlatform } from '../testing/index.ts';
import { createTag, listTags } from '../work/index.ts';
import { TagEntity } from '../work/tags/tag.entity.ts';
import { sqliteFile } from './database.ts';
import type { Connection, Engine } from './engine.ts';
import { TransactionLost, translateFailure } from './failures.ts';
import { doorScope, requestScope } from './scope.ts';
import { openSqlite } from './sqlite-engine.ts';
import { mutate, type Unit } from './unit-of-work.ts';

const request = requestScope(null);

/** The clock by which groups end. It does not move by itself, because a slow machine would end groups early. */
let nowMs: number;
beforeEach(() => {
  nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => vi.restoreAllMocks());

describe('writes that wait at the same time', () => {
  let directory: string;
  let file: string;
  let engine: Engine;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tenon-groups-'));
    file = join(directory, 'test.db');
    const database = new Sqlite(file);
    database.exec(`create table items (name text primary key, parent text references items (name))`);
    database.close();
    engine = await openSqlite(file, () => undefined);
  });
  afterEach(async () => {
    await engine.close();
    rmSync(directory, { recursive: true });
  });

  const insert = (connection: Connection, name: string, parent: string | null = null) =>
    connection.execute('insert into items (name, parent) values (?, ?)', [name, parent]);
  /** What other connections see. */
  const committed = () =>
    engine.read(request, async (connection) => {
      const { rows } = await connection.execute('select name from items order by rowid', []);
      return rows.map(([name]) => String(name));
    });
  const write = (name: string, parent: string | null = null) =>
    engine.write(request, (connection) => insert(connection, name, parent));

  it('commit together, and nobody sees a part of them', async () => {
    const seen: string[][] = [];
    const noting = (name: string) =>
      engine.write(request, async (connection) => {
        await insert(connection, name);
        await nextTurn();
        seen.push(await committed());
      });
    await Promise.all([noting('first'), noting('second'), noting('third')]);
    expect(seen).toEqual([[], [], []]);
    expect(await committed()).toEqual(['first', 'second', 'third']);
  });

  /** Writes a row and throws. */
  const fail = (name: string) =>
    engine.write(request, async (connection) => {
      await insert(connection, name);
      throw new Error('refused');
    });

  it('commit without a member that failed, which is also answered after the commit', async () => {
    const writes = [write('first'), fail('wrong'), write('first'), write('last')];
    const seen = writes.map((writing) => writing.then(committed, committed));
    const answers = await Promise.allSettled(writes);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(answers[1]).toMatchObject({ reason: { message: 'refused' } });
    expect(await Promise.all(seen)).toEqual(Array(4).fill(['first', 'last']));
  });

  it('go on when the first of them fails', async () => {
    const answers = await Promise.allSettled([fail('wrong'), write('following')]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await committed()).toEqual(['following']);
  });

  it('are joined by those that arrive while they run', async () => {
    const arrived = Promise.withResolvers<Promise<unknown>>();
    const first = engine.write(request, async (connection) => {
      await insert(connection, 'first');
      setImmediate(() =>
        arrived.resolve(engine.write(request, async (other) => [await committed(), await insert(other, 'second')])),
      );
    });
    await first;
    expect(await committed()).toEqual(['first', 'second']);
    expect(await arrived.promise).toHaveProperty('0', []);
  });

  it('are at most 32', async () => {
    const seen = new Map<number, number>();
    const noting = (number: number) =>
      engine.write(request, async (connection) => {
        await insert(connection, `item ${number}`);
        seen.set(number, (await committed()).length);
      });
    await Promise.all(Array.from({ length: 40 }, (_, index) => noting(index)));
    expect([...new Set(seen.values())]).toEqual([0, 32]);
    expect(seen.get(31)).toBe(0);
  });

  it('do not join a transaction that has lasted long', async () => {
    const slow = engine.write(request, async (connection) => {
      await insert(connection, 'slow');
      nowMs += 51;
    });
    const seen = engine.write(request, committed);
    await slow;
    expect(await seen).toEqual(['slow']);
  });

  it('wait for others for 10 ms at most', async () => {
    const seen: string[][] = [];
    const last = Promise.withResolvers<void>();
    // Each write arrives in a turn of the event loop in which the group waits. A turn lasts 4 ms.
    const nextArrives = () =>
      setImmediate(() => {
        nowMs += 4;
        if (seen.length === 5) last.resolve();
        else void engine.write(request, see);
      });
    const see = async () => {
      seen.push(await committed());
      nextArrives();
    };
    await engine.write(request, async (connection) => {
      await insert(connection, 'first');
      nextArrives();
    });
    await last.promise;
    expect(seen).toEqual([[], [], [], ['first'], ['first']]);
  });

  it.each([
    ['behind the system door', doorScope('system')],
    ['of a job', { ...request, long: true }],
  ])('do not share their transaction with one %s', async (_, scope) => {
    const long = (name: string) =>
      engine.write(scope, async (connection) => {
        await insert(connection, name);
        return committed();
      });
    const short = engine.write.bind(engine, request);
    const [, , ...seen] = await Promise.all([write('a'), write('b'), long('c'), long('d'), short(committed)]);
    expect(seen).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c', 'd'],
    ]);
  });

  it('refuse late statements of a member that failed', async () => {
    const late = Promise.withResolvers<unknown>();
    const failing = (connection: Connection) => {
      const going = async () => {
        await nextTurn();
        return insert(connection, 'late');
      };
      going().catch(late.resolve);
      return Promise.reject(new Error('refused'));
    };
    const slow = async (connection: Connection) => {
      await insert(connection, 'slow');
      await late.promise;
    };
    const answers = await Promise.allSettled([
      write('first'),
      engine.write(request, failing),
      engine.write(request, slow),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await late.promise).toBeInstanceOf(TransactionLost);
    expect(await committed()).toEqual(['first', 'slow']);
  });

  it.each<[string, (connection: Connection) => Promise<unknown>]>([
    [
      'cannot commit',
      async (connection) => {
        await connection.execute('pragma defer_foreign_keys = on', []);
        await insert(connection, 'child', 'nobody');
      },
    ],
    [
      'has ended before its members',
      async (connection) => {
        await connection.execute('rollback', []);
        await insert(connection, 'stray');
      },
    ],
  ])('all fail when their transaction %s', async (_, lose) => {
    const answers = Promise.allSettled([write('first'), fail('wrong'), engine.write(request, lose)]);
    const next = answers.then(() => write('next'));
    await next;
    expect(await committed()).toEqual(['next']);
    for (const answer of await answers)
      expect(translateFailure(Reflect.get(answer, 'reason'))).toMatchObject({ code: 'database_unavailable' });
  });

  it(
    'fail when another process keeps writing for too long, and those that came later do not',
    { timeout: 20_000 },
    async () => {
      vi.restoreAllMocks();
      const other = new Sqlite(file);
      other.exec('begin immediate');
      const early = Promise.allSettled([write('early'), write('early too')]);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const later = write('later');
      const reasons = (await early).map((answer) => translateFailure(Reflect.get(answer, 'reason')));
      other.exec('rollback');
      other.close();
      for (const reason of reasons) expect(reason).toMatchObject({ code: 'database_busy' });
      await later;
      expect(await committed()).toEqual(['later']);
    },
  );
});

describe('mutations in one group', () => {
  let platform: TestPlatform;
  let acme: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform('sqlite');
  });
  afterAll(() => platform.dispose());
  beforeEach(async () => {
    acme = await createOrganization(platform);
  });

  const color = '#336699';
  const names = async () =>
    (await listTags(acme.owner.ctx(), { limit: 100, total: false, sort: 'name' })).data.map(({ name }) => name);

  it('are refused because of rows of another one', async () => {
    const first = createTag(acme.owner.ctx(), { name: 'Crate', color });
    const second = createTag(acme.owner.ctx(), { name: 'crate', color });
    // The refusal depends on a row, so the row must be committed.
    const seen = second.catch(names);
    await expect(second).rejects.toMatchObject({ kind: 'conflict' });
    expect(await seen).toEqual(['Crate']);
    expect(await first).toMatchObject({ name: 'Crate' });
  });

  it('replay the answer to the same request', async () => {
    const keyed = () => acme.owner.ctx({ idempotencyKey: 'twin', input: { name: 'Crate' } });
    const contexts = [keyed(), keyed(), keyed()];
    const answers = await Promise.all(contexts.map((ctx) => createTag(ctx, { name: 'Crate', color })));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(contexts.map(({ outcome }) => outcome.replayed)).toEqual([false, true, true]);
    expect(await names()).toEqual(['Crate']);
  });

  it('may be dry runs, which see the others and leave nothing', async () => {
    const dry = (name: string) => createTag(acme.owner.ctx({ dryRun: true }), { name, color });
    const [real, shown, refused, again] = await Promise.allSettled([
      createTag(acme.owner.ctx(), { name: 'Crate', color }),
      dry('Barrel'),
      dry('Crate'),
      dry('Barrel'),
    ]);
    expect(real).toMatchObject({ value: { name: 'Crate' } });
    expect(shown).toMatchObject({ value: { name: 'Barrel' } });
    expect(refused).toMatchObject({ reason: { kind: 'conflict' } });
    expect(again).toMatchObject({ value: { name: 'Barrel' } });
    expect(await names()).toEqual(['Crate']);
  });

  // For the first error SQLite rolls back the whole transaction, and for the second only the statement.
  it.each([
    ['a row', 1],
    ['many rows', 500],
  ])('all fail when the disk has no room for %s, whatever their own outcome was', async (_, atOnce) => {
    const freePages = (pages: number) =>
      platform.database.engine.write(doorScope('system'), async (connection) => {
        const { rows } = await connection.execute('pragma page_count', []);
        await connection.execute(`pragma max_page_count = ${Number(rows[0]?.[0]) + pages}`, []);
      });
    const effects: string[] = [];
    const add = (name: string, count = 1) =>
      mutate(acme.owner.ctx(), async (unit: Unit) => {
        unit.afterCommit(() => effects.push(name));
        const rows = Array.from({ length: count }, (__, index) => tagRow(unit, `${name} ${index}`));
        while (rows.length > 0) await unit.insert(TagEntity, ...rows.splice(0, atOnce));
      });
    const tagRow = (unit: Unit, name: string) => ({
      ...unit.owner,
      id: crypto.randomUUID(),
      name,
      nameSort: name.toLowerCase(),
      color,
      version: 1,
      createdAt: unit.now,
      createdById: acme.owner.userId,
      updatedAt: unit.now,
      updatedById: acme.owner.userId,
    });
    await freePages(10);
    const answers = await Promise.allSettled([add('small'), add('small'), add('large', 5000), add('later')]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
    for (const answer of answers.slice(0, 3)) expect(answer).toMatchObject({ reason: { code: 'storage_full' } });
    expect(effects).toEqual(['later']);
    expect(await names()).toEqual(['later 0']);
    await freePages(1_000_000);
    await add('next');
    expect(await names()).toEqual(['later 0', 'next 0']);
    expect(effects).toEqual(['later', 'next']);
    expect(platform.database.isFull()).toBe(false);
  });

  it('cannot fail because of a foreign key of another one: no key is checked at the commit', () => {
    const database = new Sqlite(sqliteFile(platform.settings.databaseUrl), { readonly: true });
    const schema = database.prepare(`select sql from sqlite_master where sql is not null`).pluck().all();
    database.close();
    expect(schema.filter((sql) => /references/i.test(String(sql))).length).toBeGreaterThan(10);
    expect(schema.filter((sql) => /deferr/i.test(String(sql)))).toEqual([]);
  });
});
