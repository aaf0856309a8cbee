import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { eventTypes } from '@tenon/core';
import type { Dump } from '@tenon/core/testing';
import { describe, expect, it } from 'vitest';
import { type Case, casesWhere, scenes } from './testing/cases.ts';
import { added, changedTables } from './testing/compare.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { type Fields, surfacesOf } from './testing/wire.ts';

const mutations = casesWhere(({ type }) => type === 'mutation');
const withHeaders = mutations.filter(([, { operation }]) => operation.mutationHeaders);

/** The version of the row that the last parameter of the path names. */
function versionOf({ operation }: Case, input: Fields, dump: Dump): number {
  // The other one is only referred to.
  const target = [...operation.parameters].findLast((name) => name !== 'otherId') ?? '';
  const row =
    Object.values(dump)
      .flat()
      .find((candidate) => candidate['id'] === input[target] && 'version' in candidate) ??
    // Paths name members by their user id.
    dump['memberships']?.find((candidate) => candidate['user_id'] === input[target]);
  if (!row) throw new Error(`Nothing with a version is called ${String(input[target])}.`);
  return Number(row['version']);
}

const something = expect.anything();
const someEvents = expect.arrayContaining([
  { type: expect.any(String), entity: something, changes: something, data: something },
]);

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  /** Calls the operation. Answers the events that were recorded, and the number of their payloads. */
  async function eventsOf(one: Case) {
    const input = await one.input(owner, scene);
    const tables = ['events', 'event_payloads'];
    const before = await scene.dump(tables);
    const { status } = await scene.callAs(owner, 'rest', one.name, input);
    const after = await scene.dump(tables);
    return { status, events: added(before, after, 'events'), payloads: added(before, after, 'event_payloads').length };
  }

  it.each(mutations.filter(([, one]) => one.recordsNothing === null))(
    '%s records what happened',
    async (_name, one) => {
      const { status, events, payloads } = await eventsOf(one);
      expect(status).toBe(one.operation.status);
      expect(events, 'Record an event, or say in the sample why there is none (recordsNothing).').not.toEqual([]);
      expect(payloads).toBe(events.length);
      const inside =
        one.operation.permission === null ? {} : { organization_id: scene.acme.id, actor_id: owner.userId };
      for (const event of events) expect(event).toMatchObject(inside);
    },
  );

  it.each(mutations.filter(([, one]) => one.recordsNothing !== null))('%s records nothing', async (_name, one) => {
    const { status, events } = await eventsOf(one);
    expect(status).toBe(one.operation.status);
    expect(events, `It says that it records nothing: ${one.recordsNothing}`).toEqual([]);
  });

  it('records only what the catalogue of events says', async () => {
    const { events = [], event_payloads = [] } = await scene.dump(['events', 'event_payloads']);
    const payloads = new Map(event_payloads.map((row) => [row['event_id'], row['payload']]));
    const parsed = (value: unknown) => (typeof value === 'string' ? JSON.parse(value) : value);
    const wrong = events.flatMap((event) => {
      const type = eventTypes.get(String(event['type']));
      if (!type) return [`${String(event['type'])} is in no catalogue.`];
      const { changes, data } = parsed(payloads.get(event['id']));
      const faults = [
        event['entity_type'] === type.entityType ? [] : `is about a ${String(event['entity_type'])}`,
        type.changes.strict().safeParse(changes).error?.message ?? [],
        type.data.strict().safeParse(data).error?.message ?? [],
        /undefined|null|\[object/.exec(type.summary({ actor: 'Ada', changes, data }))?.input ?? [],
      ].flat();
      return faults.length > 0 ? [`${type.type} ${JSON.stringify({ changes, data })}: ${faults.join('; ')}`] : [];
    });
    expect([...new Set(wrong)]).toEqual([]);
  });

  describe('Dry-Run', () => {
    it.each(withHeaders)('of %s answers what would happen, and leaves the database as it was', async (name, one) => {
      const input = await one.input(owner, scene);
      const before = await scene.fingerprints();
      for (const surface of surfacesOf(one.operation)) {
        const { status, data, headers } = await scene.callAs(owner, surface, name, input, {
          'dry-run': 'true',
          'idempotency-key': randomUUID(),
        });
        expect(status).toBe(200);
        const result = one.operation.output ? something : null;
        expect(data).toEqual({ dryRun: true, result, events: one.recordsNothing === null ? someEvents : [] });
        expect(headers).not.toHaveProperty('etag');
        expect(changedTables(before, await scene.fingerprints())).toEqual([]);
      }
      // The dry run used up no key, and the real call still succeeds.
      expect(await scene.callAs(owner, 'rest', name, input)).toMatchObject({ status: one.operation.status });
    });
  });

  describe('Idempotency-Key', () => {
    it.each(withHeaders)('sent twice, %s acts once', async (name, one) => {
      const input = await one.input(owner, scene);
      for (const surface of surfacesOf(one.operation)) {
        const sent = surface === 'rest' ? input : await one.input(owner, scene);
        const headers = { 'idempotency-key': randomUUID() };
        const before = await scene.fingerprints();
        const first = await scene.callAs(owner, surface, name, sent, headers);
        const between = await scene.fingerprints();
        const second = await scene.callAs(owner, surface, name, sent, headers);
        expect(first.problem).toBeNull();
        expect(first.headers).not.toHaveProperty('idempotency-replayed');
        expect(changedTables(before, between)).toContain('idempotency_keys');
        expect(changedTables(between, await scene.fingerprints())).toEqual([]);
        expect({ status: second.status, data: second.data, code: second.problem?.code }).toEqual(
          one.takesPermission
            ? { status: 403, data: null, code: 'permission_denied' }
            : one.operation.secretAnswer
              ? { status: 409, data: null, code: 'idempotency_secret_already_shown' }
              : { status: first.status, data: first.data, code: undefined },
        );
        expect('idempotency-replayed' in second.headers).toBe(!one.operation.secretAnswer && !one.takesPermission);
      }
    });

    it.each(withHeaders)('of %s belongs to its input and to its sender', async (name, one) => {
      const headers = { 'idempotency-key': randomUUID() };
      const [input, another] = [await one.input(owner, scene), await one.input(owner, scene)];
      expect((await scene.callAs(owner, 'rest', name, input, headers)).problem).toBeNull();
      const stranger = scene.other.people.owner;
      const theirs = await scene.callAs(stranger, 'rest', name, await one.input(stranger, scene), headers);
      expect(theirs.problem).toBeNull();
      expect(theirs.headers).not.toHaveProperty('idempotency-replayed');
      // Some operations have only one possible input, and some cannot be repeated.
      if (one.takesPermission || isDeepStrictEqual(input, another)) return;
      const before = await scene.fingerprints();
      const reused = await scene.callAs(owner, 'rest', name, another, headers);
      expect(reused).toMatchObject({ status: 422, problem: { code: 'idempotency_key_reused' } });
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    });
  });

  describe('If-Match', () => {
    const versioned = withHeaders.filter(([, { operation }]) => operation.versioned);

    it.each(versioned)('of %s takes the current version, and no other', async (name, one) => {
      for (const surface of surfacesOf(one.operation)) {
        const input = await one.input(owner, scene);
        const version = versionOf(one, input, await scene.dump());
        const before = await scene.fingerprints();
        for (const stale of [version - 1, version + 1]) {
          const reply = await scene.callAs(owner, surface, name, input, { 'if-match': `"${stale}"` });
          expect(reply).toMatchObject({ status: 412, problem: { code: 'version_conflict' } });
        }
        expect(changedTables(before, await scene.fingerprints())).toEqual([]);
        const reply = await scene.callAs(owner, surface, name, input, { 'if-match': `"${version}"` });
        expect(reply.problem).toBeNull();
        const more = await scene.callAs(owner, surface, name, await one.input(owner, scene), { 'if-match': '*' });
        expect(more.problem).toBeNull();
      }
    });

    it.each(withHeaders.filter(([, { operation }]) => !operation.versioned))('is nothing for %s', async (name, one) => {
      const input = await one.input(owner, scene);
      const before = await scene.fingerprints();
      for (const surface of surfacesOf(one.operation))
        expect(await scene.callAs(owner, surface, name, input, { 'if-match': '"1"' })).toMatchObject({
          status: 400,
          problem: { code: 'validation_failed', errors: [{ path: '/header/If-Match' }] },
        });
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    });
  });

  it.each(mutations.filter(([, { operation }]) => !operation.mutationHeaders))(
    '%s refuses all three headers',
    async (name, one) => {
      const input = await one.input(owner, scene);
      const before = await scene.fingerprints();
      for (const surface of surfacesOf(one.operation))
        for (const [header, value] of [
          ['Idempotency-Key', randomUUID()],
          ['If-Match', '"1"'],
          ['Dry-Run', 'true'],
        ] as const)
          expect(await scene.callAs(owner, surface, name, input, { [header]: value })).toMatchObject({
            status: 400,
            problem: { code: 'validation_failed', errors: [{ path: `/header/${header}` }] },
          });
      expect(changedTables(before, await scene.fingerprints())).toEqual([]);
    },
  );

  it.each(casesWhere(({ type }) => type === 'query'))('%s takes no If-Match', async (name, one) => {
    const reply = await scene.callAs(owner, 'rest', name, await one.input(owner, scene), { 'if-match': '"1"' });
    expect(reply).toMatchObject({ status: 400, problem: { errors: [{ path: '/header/If-Match' }] } });
  });
});
