import { beforeAll, describe, expect, it } from 'vitest';
import { casesWhere, scenes } from './testing/cases.ts';
import { changedTables } from './testing/compare.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { type Fields, surfacesOf } from './testing/wire.ts';

const versioned = casesWhere((operation) => operation.versioned);
const unversioned = casesWhere(({ type, versioned: takes }) => type === 'mutation' && !takes);
const revalidated = casesWhere(({ revalidates }) => revalidates === 'version');
const digested = casesWhere(({ revalidates }) => revalidates === 'digest');
const mutations = casesWhere(({ type }) => type === 'mutation');

/** Every text in an input, such as the ids of what a mutation concerns. */
const textsIn = (input: unknown): string[] =>
  typeof input === 'string'
    ? [input]
    : typeof input === 'object' && input !== null
      ? Object.values(input).flatMap(textsIn)
      : [];

const isUuid = (text: string): boolean => /^[0-9a-f-]{36}$/.test(text);

describe.each(scenes)('on %s', (dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  describe.each(versioned)('%s', (name, one) => {
    it('is refused with 412 when If-None-Match is *, and changes nothing', async () => {
      const input = await one.input(owner, scene);
      const before = await scene.fingerprints();
      for (const surface of surfacesOf(one.operation))
        expect(await scene.callAs(owner, surface, name, input, { 'if-none-match': '*' })).toMatchObject({
          status: 412,
          problem: { code: 'precondition_failed' },
        });
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    });

    it.each(['W/"1", W/"2", W/"3"', '"another"', '"01", "-1", W/"x"', '"999999", "888888"'])(
      'is refused with 412 when If-Match is %s',
      async (tags) => {
        const input = await one.input(owner, scene);
        const before = await scene.fingerprints();
        for (const surface of surfacesOf(one.operation))
          expect(await scene.callAs(owner, surface, name, input, { 'if-match': tags })).toMatchObject({
            status: 412,
            problem: { code: 'version_conflict' },
          });
        expect(changedTables(before, await scene.fingerprints())).toEqual([]);
      },
    );

    it('succeeds when a list in If-Match names its version, or If-None-Match only others', async () => {
      const some = Array.from({ length: 500 }, (_, version) => `"${version}"`).join(' ,,');
      for (const headers of [{ 'if-match': `W/"1", "x", ${some}` }, { 'if-none-match': '"999999", W/"888888"' }]) {
        const reply = await scene.callAs(owner, 'rest', name, await one.input(owner, scene), headers);
        expect(reply.problem).toBeNull();
      }
      const reply = await scene.callAs(owner, 'rest', name, await one.input(owner, scene), { 'if-none-match': some });
      expect(reply).toMatchObject({ status: 412, problem: { code: 'precondition_failed' } });
    });
  });

  it.each(unversioned)('%s, which has no version to compare, refuses If-None-Match', async (name, one) => {
    const input = await one.input(owner, scene);
    const before = await scene.fingerprints();
    for (const surface of surfacesOf(one.operation))
      expect(await scene.callAs(owner, surface, name, input, { 'if-none-match': '*' })).toMatchObject({
        status: 400,
        problem: { code: 'validation_failed', errors: [{ path: '/header/If-None-Match' }] },
      });
    expect(changedTables(before, await scene.fingerprints())).toEqual([]);
  });

  it.each(
    casesWhere(({ type, kind, revalidates }) => type === 'query' && kind === 'json' && revalidates !== 'version'),
  )(
    '%s, whose answer can change without a version, is answered in full to whoever knows the version',
    async (name, one) => {
      const input = await one.input(owner, scene);
      const { headers, data } = await scene.callAs(owner, 'rest', name, input);
      const own = typeof headers['etag'] === 'string' ? headers['etag'] : '"1"';
      for (const tags of ['*', own])
        for (const surface of surfacesOf(one.operation))
          expect(await scene.callAs(owner, surface, name, input, { 'if-none-match': tags })).toMatchObject({
            status: 200,
            data,
          });
    },
  );

  it.each(digested)('%s is answered 304 to whoever has all that it shows', async (name, one) => {
    const input = await one.input(owner, scene);
    for (const surface of surfacesOf(one.operation)) {
      const ask = (tags: string) => scene.callAs(owner, surface, name, input, { 'if-none-match': tags });
      const { data, headers } = await scene.callAs(owner, surface, name, input);
      const full = await ask(String(headers['etag']));
      expect(full).toMatchObject({ status: 200, data });
      const etag = String(full.headers['etag']);
      expect(etag.replace(/-[0-9a-f]{32}"$/, '"')).toBe(headers['etag']);
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`])
        expect(await ask(tags)).toMatchObject({ status: 304, headers: { etag }, text: '' });
      const others = etag.replace(/-../, '-zz');
      expect(await ask(others)).toMatchObject({ status: 200, headers: { etag } });
      expect((await scene.call(surface, name, input, { headers: { 'if-none-match': etag } })).status).toBe(401);
    }
  });

  it('a task is answered in full when something that it shows has changed, but not its version', async () => {
    const tag = await owner.do('tags.create', { name: `Shown ${dialect}`, color: '#112233' });
    const { id } = await owner.do('tasks.create', { title: 'Order beams', tagIds: [tag.id] });
    const ask = (tags: string) => scene.callAs(owner, 'rest', 'tasks.get', { id }, { 'if-none-match': tags });
    const etag = String((await ask('"1"')).headers['etag']);
    expect((await ask(etag)).status).toBe(304);
    await owner.do('tags.update', { id: tag.id, name: `Renamed ${dialect}` });
    expect(await ask(etag)).toMatchObject({
      status: 200,
      data: { version: 1, tags: [{ name: `Renamed ${dialect}` }] },
    });
    const update = { id, title: 'Order steel' };
    expect(await scene.callAs(owner, 'rest', 'tasks.update', update, { 'if-match': etag })).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
    });
  });

  describe.each(revalidated)('%s', (name, one) => {
    const read = (input: Fields, headers = {}) => scene.callAs(owner, 'rest', name, input, headers);

    it('is answered 304 with its ETag to whoever knows its version', async () => {
      const input = await one.input(owner, scene);
      const { headers } = await read(input);
      const etag = String(headers['etag']);
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, ` W/"x",,${etag} `, '*'])
        for (const surface of surfacesOf(one.operation))
          expect(await scene.callAs(owner, surface, name, input, { 'if-none-match': tags })).toMatchObject({
            status: 304,
            headers: { etag },
            text: '',
          });
      for (const tags of ['"other"', 'W/"0"', 'nonsense', etag.slice(1, -1), `${etag} ${etag}`])
        for (const surface of surfacesOf(one.operation))
          expect((await scene.callAs(owner, surface, name, input, { 'if-none-match': tags })).status).toBe(200);
      expect((await scene.call('rest', name, input, { headers: { 'if-none-match': '*' } })).status).toBe(401);
    });

    /** What it answers about some ids. Its own input has one field. */
    const [field = ''] = one.operation.parameters;
    const answersAbout = async (ids: readonly string[]) => Promise.all(ids.map(async (id) => read({ [field]: id })));

    it('shows only columns of the row that has the version', async () => {
      const { data } = await read(await one.input(owner, scene));
      const { id, version, ...others } = data as Fields;
      const rows = Object.values(await scene.dump()).flat();
      const row = rows.find((candidate) => candidate['id'] === id && Number(candidate['version']) === version);
      const columns = Object.keys(others).map((field) =>
        field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      );
      expect(Object.keys(row ?? {})).toEqual(expect.arrayContaining(columns));
    });

    let watched: Fields;
    beforeAll(async () => {
      watched = await one.input(owner, scene);
    });

    it.each(mutations)('does not change by %s without its version', async (_mutation, change) => {
      const input = await change.input(owner, scene);
      const list = await scene.callAs(owner, 'rest', name.replace(/\.get$/, '.list'), { limit: 30 });
      const ids = [...new Set([...textsIn(watched), ...textsIn(input), ...textsIn(list.data)])].filter(isUuid);
      const before = await answersAbout(ids);
      await scene.callAs(owner, 'rest', change.name, input);
      await scene.settle(false);
      const after = await answersAbout(ids);
      const lies = before.filter(
        (first, at) =>
          first.status === 200 &&
          after[at]?.status === 200 &&
          first.headers['etag'] === after[at].headers['etag'] &&
          first.text !== after[at].text,
      );
      expect(lies.map(({ text }) => text)).toEqual([]);
    });
  });
});
