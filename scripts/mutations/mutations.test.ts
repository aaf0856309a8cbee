import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { tables } from '../../packages/core/src/platform.ts';
import { checksIn } from './checks.ts';
import { mutationsOf } from './index.ts';
import type { Check } from './mutation.ts';
import { exceptedBy, narrowingsIn, onlyFaster, onPostgresOnly } from './queries.ts';
import { checksOfRules, rules } from './rules.ts';
import { chosen, readDiff } from './selection.ts';
import { Switches, testDatabases } from './switches.ts';
import { ownerNamed, Source, sourcesOf } from './syntax.ts';
import { distance } from './test-files.ts';

const root = join(import.meta.dirname, '../..');
const sources = sourcesOf(root);
const mutations = mutationsOf(root);

const service = 'packages/core/src/work/tags/tag.service.ts';

/** What is found in a piece of code, by its kind. */
function found(code: string, file = service): string[] {
  const source = new Source(file, code);
  return [...checksIn(source), ...narrowingsIn(source)].map(({ kind, says }) => `${kind} ${says}`);
}

describe('what is found by its form', () => {
  it('is each part of a condition that throws', () => {
    expect(found(`function a() { if (b > 1 || (c && d)) throw errors.e(); }`)).toEqual([
      'refused if b > 1',
      'refused if c && d',
    ]);
    expect(found(`function a() { if (b) { const message = b; throw errors.e({ message }); } }`)).toEqual([
      'refused if b',
    ]);
  });

  it('is no lookup of what the code then works with, no rethrow and no mistake of the program', () => {
    expect(found(`function a() { if (!row) throw errors.e(); return row.id; }`)).toEqual([]);
    expect(found(`function a() { if (ctx.row === undefined) throw errors.e(); const { row } = ctx; }`)).toEqual([]);
    expect(found(`function a() { if (!row) throw errors.e(); }`)).toEqual(['refused if !row']);
    expect(found(`function a() { if (!isTaken(error)) throw error; }`)).toEqual([]);
    const mistake = `function a() { if (b > 1) throw new Error('b'); }`;
    expect(found(mistake)).toEqual([]);
    expect(found(mistake, 'packages/core/src/database/walls.ts')).toEqual(['refused if b > 1']);
  });

  it('is a condition that lets pass in front of a throw', () => {
    expect(found(`function a() { if (found && found.isActive) return found; throw errors.e(); }`)).toEqual([
      'passed if found.isActive',
    ]);
  });

  it('is the choice of what is thrown', () => {
    expect(found(`const a = (error) => { throw isTaken(error) ? errors.e() : error; };`)).toEqual([
      'thrown throw isTaken(error) ? …',
    ]);
  });

  it('is a call for nothing but that it refuses', () => {
    expect(
      found(`async function a() {
        authorize(ctx, 'tag:read');
        if (b) await requireSeat(unit);
        unit.checkVersion(tag);
        const roles = await requireRoles(unit);
        requirements(unit);
      }
      const refuseOffer = () => refuseBeyondOwn(principal);`),
    ).toEqual([
      "called authorize(ctx, 'tag:read')",
      'called requireSeat(unit)',
      'called unit.checkVersion(tag)',
      'called refuseBeyondOwn(principal)',
    ]);
  });

  it('is a decision', () => {
    expect(found(`const a = decide(principal, 'tag:read').allowed;`)).toEqual([
      "decided decide(principal, 'tag:read').allowed",
    ]);
  });

  it('is what narrows a query, but for ids', () => {
    expect(
      found(`const a = db.selectFrom('tags').where('tags.is_active', '=', true)
        .where((where) => where.exists(db.selectFrom('b').where(sql\`c > d\`)))
        .where(anyOf(dialect, 'tags.id', ids));
      const e = db.selectFrom('tags').where('organization_id', '=', organizationId).where('id', '=', id);
      const f = db.selectFrom('tags').where('organization_id', '=', organizationId);`),
    ).toEqual([
      "narrowed .where((where) => where.exists(db.selectFrom('b').where(sql`c > d`)))",
      "narrowed .where('tags.is_active', '=', true)",
      'narrowed .where(sql`c > d`)',
      "narrowed .where('organization_id', '=', organizationId)",
    ]);
  });
});

describe('what is named', () => {
  it('is found by the name of its function, in whatever file it is', () => {
    expect(ownerNamed(sources, 'WallTransformer.#visible').source.file).toBe('packages/core/src/database/walls.ts');
    expect(() => ownerNamed(sources, 'noSuchFunction')).toThrow('Nothing is called noSuchFunction');
    expect(() => ownerNamed(sources, 'read')).toThrow('declare read. Add the file');
    expect(ownerNamed(sources, 'database/read-door.ts read').name).toBe('read');
  });

  it.each(rules.map((rule) => [rule.name, rule] as const))('has conditions: %s', (_, rule) => {
    expect(checksOfRules(sources, [rule])).not.toEqual([]);
  });

  it.each([...onlyFaster, ...onPostgresOnly])('is one condition that is left out: $within $column', (exception) => {
    expect(sources.flatMap((source) => exceptedBy(source, exception))).toHaveLength(1);
  });

  it('has a policy for every table with a wall', () => {
    const policies = mutations.filter(({ name }) => name.startsWith('policy: lets every row of '));
    expect(policies.map(({ name }) => name.replace(/^policy: lets every row of | be read and written$/g, ''))).toEqual(
      tables.filter(({ wall }) => wall !== '').map(({ name }) => name),
    );
  });
});

test('what lets pass is left out of a rule part by part', () => {
  const source = new Source(
    service,
    `const may = (a, b) => a.is && (b === null || b > 1);
    function fails(a) { if (!may(a)) return { kind: 'scope' }; return a ? null : { kind: 'time' }; }`,
  );
  const rule = (name: string, passes: string) => checksOfRules([source], [{ name, passes }]).map(({ says }) => says);
  expect(rule('may', 'true')).toEqual(['a.is', 'b === null || b > 1']);
  expect(rule('fails', 'null')).toEqual(['may(a)', "{ kind: 'time' }"]);
});

test('a check has as masks what stops the same input before it', () => {
  const masksOf = (name: string) =>
    mutations
      .find((mutation) => mutation.name === name)
      ?.masks.map(({ file, start, end }) => {
        const source = sources.find((one) => one.file === file);
        return source?.textOf({ start, end });
      });
  const admission = [
    'throw errors.unauthenticated();',
    'requireInstanceAdmin({ principal });',
    'requirePermission({ principal }, permission);',
  ];
  expect(masksOf("called: tag.service.ts createTag authorize(ctx, 'tag:create')")).toEqual(admission);
  expect(masksOf('refused: signed-in.ts requireCaller if !ctx.principal')).toEqual(admission);
  expect(masksOf('called: execute.ts permit requireInstanceAdmin({ principal })')).toEqual([]);
  expect(
    masksOf(
      "called: task.service.ts authorizeUpdate authorize(ctx, 'task:update', taskSubject(task, task.assigneeIds))",
    ),
  ).toEqual(
    expect.arrayContaining([
      "authorize(ctx, 'task:update', taskSubject({ ...task, teamId, projectId }, assigneeIds));",
    ]),
  );
  expect(masksOf("narrowed: instance-users.ts listUsers .where('users.kind', '=', 'person')")).toEqual([]);
});

test('no two mutations have one name', () => {
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

test('with all switches in it the code can still be read', () => {
  const switches = new Switches();
  for (const { off, masks } of mutations) switches.numbersOf([...off, ...masks]);
  const texts = switches.texts(root);
  expect(texts.size).toBeGreaterThan(100);
  for (const [file, text] of [...texts, testDatabases(root)]) {
    expect(() => new Source(file, text)).not.toThrow();
    expect(text).toContain('globalThis.switches');
    expect(text).not.toMatch(/\b(?:OFF|FIRED)\b/);
  }
});

test('of two switches around one piece of code one is inside of the other', () => {
  const [file, text] = ['packages/core/src/kernel/ids.ts', 'f(a, b)'];
  const around = (start: number, end: number, name: string): Check => ({
    kind: 'rule',
    file,
    start,
    end,
    before: `<${name}>`,
    after: `</${name}>`,
    says: '',
  });
  const switches = new Switches();
  switches.numbersOf([around(2, 3, 'a'), around(0, 7, 'all'), around(0, 7, 'again'), around(2, 6, 'both')]);
  expect(switches.textOf(file, text)).toBe('<all><again>f(<both><a>a</a>, b</both>)</again></all>');
});

describe('what is chosen', () => {
  const names = (selection: Parameters<typeof chosen>[0]) =>
    mutations.filter(chosen(selection)).map(({ name }) => name);

  it('is in the files and folders that are named', () => {
    const of = names({ paths: ['packages/core/src/work/tags'] });
    expect(of).toContain("called: tag.service.ts createTag authorize(ctx, 'tag:create')");
    expect(of.filter((name) => !name.includes('tag'))).toEqual([]);
    expect(names({ paths: ['packages/core/src/work/tag'] })).toEqual([]);
  });

  it('is in functions that changed', () => {
    const { text, owners } = sources.find(({ file }) => file === service) ?? { text: '', owners: [] };
    const start = owners.find(({ name }) => name === 'updateTag')?.node.start ?? 0;
    const line = text.slice(0, start).split('\n').length + 2;
    const changed = readDiff(`+++ b/${service}\n@@ -1,2 +${line},0 @@ function x\n-gone\n-gone\n`);
    expect(changed).toEqual(new Map([[service, [[line, line + 1]]]]));
    expect(names({ changed })).toEqual(["called: tag.service.ts updateTag authorize(ctx, 'tag:update')"]);
    expect(names({ changed: new Map([[service, [[1, 1]]]]) })).toEqual([]);
  });

  it('is every policy when a migration changed', () => {
    const migration = 'packages/core/src/database/migrations/postgresql/Migration1.ts';
    const changed = readDiff(`+++ b/${migration}\n@@ -0,0 +1,30 @@\n`);
    expect(names({ changed }).every((name) => name.startsWith('policy: '))).toBe(true);
    expect(names({ changed })).toHaveLength(mutations.filter(({ kind }) => kind === 'policy').length);
  });
});

test('tests are near in their folder, nearer in their package than elsewhere', () => {
  const file = 'packages/core/src/work/tags/tag.service.ts';
  expect(distance('packages/core/src/work/tags/tag.test.ts', file)).toBe(0);
  expect(distance('packages/core/src/work/tasks/task.test.ts', file)).toBe(1);
  expect(distance('packages/api/src/contract/access.test.ts', file)).toBe(2);
});
