import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Case, casesWhere, scenes } from './testing/cases.ts';
import { changedTables, learned } from './testing/compare.ts';
import { fieldsOf, missingIds, namesById, onlyRequired } from './testing/fields.ts';
import type { Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { type Fields, type Surface, surfacesOf } from './testing/wire.ts';

describe.each(scenes)('on %s, another organization looks like a missing one', (_dialect, open) => {
  let scene: Scene;
  useScene(open, (opened) => ({ scene } = opened));

  /** A request: the input, and the organization in the header. */
  type Sent = [input: Fields, header?: string];

  /** Expects the same answer to both requests of a pair, and no change in the database. */
  async function expectAlike({ name, operation }: Case, ...pairs: [foreign: Sent, missing: Sent][]) {
    const send = (surface: Surface, [input, header]: Sent) =>
      scene.callAs(scene.acme.people.owner, surface, name, input, header ? { 'x-organization-id': header } : {});
    const before = await scene.fingerprints();
    for (const surface of surfacesOf(operation))
      for (const [foreign, missing] of pairs)
        expect(learned(await send(surface, foreign))).toEqual(learned(await send(surface, missing)));
    expect(changedTables(before, await scene.fingerprints())).toEqual([]);
  }

  const nobodysSlug = () => `none-${randomUUID()}`;

  // Administrators of the instance may see every organization.
  const signedIn = casesWhere(
    ({ access, kind, restOnly }) => !['public', 'instance'].includes(access) && (kind !== 'json' || !restOnly),
  );
  const withIds = signedIn.flatMap(([name, one]) =>
    fieldsOf(one.operation)
      .filter(namesById)
      .map((field) => [name, field.name, one] as const),
  );

  it.each(withIds)('by %s in %s', async (_name, field, one) => {
    const input = await one.input(scene.acme.people.owner, scene);
    // Filters of a query narrow each other, so this one is sent alone. A mutation makes its changes together, so all are sent.
    const own = one.operation.type === 'query' ? onlyRequired(one.operation, input, field) : input;
    const theirs = await one.input(scene.other.people.owner, scene);
    const sent = (value: unknown): Sent => [{ ...own, [field]: value }];
    await expectAlike(
      one,
      [sent(theirs[field]), sent(missingIds(theirs[field]))],
      ...(field === 'organizationId' ? [[sent(scene.other.slug), sent(nobodysSlug())] as [Sent, Sent]] : []),
    );
  });

  it.each(signedIn.filter(([, { operation }]) => operation.organization !== 'none'))(
    'by %s in X-Organization-Id',
    async (_name, one) => {
      const input = await one.input(scene.other.people.owner, scene);
      const own = one.operation.parameters.has('organizationId') ? { organizationId: scene.acme.id } : {};
      const sent = (header: string): Sent => [{ ...input, ...own }, header];
      await expectAlike(one, [sent(scene.other.id), sent(randomUUID())], [sent(scene.other.slug), sent(nobodysSlug())]);
    },
  );

  it.each(signedIn.filter(([, { operation }]) => operation.type === 'query' && operation.organization === 'required'))(
    'and %s shows nothing of it',
    async (name, one) => {
      const input = await one.input(scene.acme.people.owner, scene);
      const dump = await scene.dump();
      const people = dump['users'] ?? [];
      const theirs = Object.values(dump)
        .flat()
        .filter((row) => row['organization_id'] === scene.other.id && 'id' in row);
      const members = Object.values(scene.other.people).map(({ userId }) => userId);
      expect(people.length).toBeGreaterThan(members.length);
      for (const surface of surfacesOf(one.operation)) {
        const { text } = await scene.callAs(scene.acme.people.owner, surface, name, onlyRequired(one.operation, input));
        for (const id of [scene.other.id, ...members, ...theirs.map((row) => String(row['id']))])
          expect(text).not.toContain(id);
      }
    },
  );
});
