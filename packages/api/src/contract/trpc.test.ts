import type { InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { casesWhere, scenes } from './testing/cases.ts';
import { fieldsOf, missingIds, namesById } from './testing/fields.ts';
import type { Person, Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import type { Fields } from './testing/wire.ts';

/** With this header tRPC answers a request itself. It has no other effect. */
const throughTrpc = { 'trpc-accept': 'application/json' };

/** A text that is valid in no field. */
const wrongText = '\u0000';

/** Removes strings and digits from a text of JSON, because two dry runs name different ids and instants. */
const shapeOf = (json: string): string => json.replaceAll(/"(?:[^"\\]|\\.)*"(?=[,\]}])/g, '""').replaceAll(/\d+/g, '0');

describe.each(scenes)('on %s, plain calls are answered as tRPC answers them:', (_dialect, open) => {
  let scene: Scene;
  let owner: Person;
  useScene(open, (opened) => ({ scene, owner } = opened));

  async function answer({ headers = {}, ...request }: InjectOptions, more: Record<string, string>) {
    const { statusCode, headers: got, body } = await scene.app.inject({ ...request, headers: { ...headers, ...more } });
    const { date: _date, 'x-request-id': id, 'content-length': length, vary, ...rest } = got;
    // A problem is as long as the request id in it. What goes through tRPC is never compressed.
    const compared = {
      ...rest,
      vary: String(vary).replace(', accept-encoding', ''),
      ...(statusCode === 200 && { length }),
    };
    return { statusCode, headers: compared, body: body.replaceAll(`"requestId":"${String(id)}"`, '"requestId":""') };
  }

  /** Sends a request both ways. */
  async function compare(request: InjectOptions): Promise<[string, string]> {
    const [ours, theirs] = [await answer(request, {}), await answer(request, throughTrpc)];
    expect([ours.statusCode, ours.headers]).toEqual([theirs.statusCode, theirs.headers]);
    return [ours.body, theirs.body];
  }

  async function expectEqual(request: InjectOptions): Promise<void> {
    const [ours, theirs] = await compare(request);
    expect(ours).toBe(theirs);
  }

  async function expectAlike(request: InjectOptions): Promise<void> {
    const [ours, theirs] = await compare(request);
    expect(ours).toContain('"dryRun":true');
    expect(shapeOf(ours)).toBe(shapeOf(theirs));
  }

  it.each(casesWhere(({ restOnly, kind }) => !restOnly && kind !== 'stream'))('%s', async (name, one) => {
    const { operation } = one;
    const good = await one.input(owner, scene);
    const isQuery = operation.type === 'query';
    const headers = {
      authorization: `Bearer ${scene.tokenOf(owner, operation)}`,
      ...(operation.parameters.has('organizationId') ? {} : { 'x-organization-id': owner.organization.id }),
    };
    const requestOf = (path: string, text: string, sent: Record<string, string> = headers): InjectOptions =>
      isQuery
        ? { method: 'GET', url: `/trpc/${path}&input=${encodeURIComponent(text)}`, headers: sent }
        : {
            method: 'POST',
            url: `/trpc/${path}`,
            headers: { 'content-type': 'application/json', ...sent },
            payload: text,
          };
    const single = (input: unknown, sent?: Record<string, string>) =>
      requestOf(`${name}?`, JSON.stringify(input) ?? '', sent);
    const batch = (...inputs: readonly unknown[]) =>
      requestOf(`${inputs.map(() => name).join()}?batch=1`, JSON.stringify(Object.fromEntries(inputs.entries())));

    const unknownField = { ...good, thereIsNoSuchField: '1' };
    const wrong: Fields[] = Object.keys(good).map((field) => ({ ...good, [field]: wrongText }));
    const missing = fieldsOf(operation)
      .filter(namesById)
      .map(({ name: field }) => ({ ...good, [field]: missingIds(good[field]) }));
    for (const input of [unknownField, ...wrong, ...(isQuery ? missing : [])]) await expectEqual(single(input));
    // Some operations succeed without input and change something.
    const nothing = isQuery || fieldsOf(operation).some(({ required }) => required) ? [''] : [];
    for (const text of [...nothing, '{', 'null', '[]', '"text"', '{"a":1,"a":2}'])
      await expectEqual(requestOf(`${name}?`, text));
    for (const text of [...nothing, '{', 'null', '[]', '{"0":{"a":1,"a":2},"1":{"a":1}}'])
      await expectEqual(requestOf(`${name},${name}?batch=1`, text));
    await expectEqual(single(unknownField, {}));
    await expectEqual(batch(unknownField, unknownField));
    await expectEqual(batch(unknownField));

    if (isQuery) {
      // That notifications were fetched is written later, and then shown.
      await answer(single(good), {});
      await scene.writeGathered();
      for (const request of [single(good), batch(good), batch(good, good), batch(good, unknownField)])
        await expectEqual(request);
      await expectEqual({ ...single(good), method: 'HEAD' });
      await expectEqual(single(good, { ...headers, 'if-none-match': '*' }));
    } else if (operation.mutationHeaders) {
      await expectAlike(single(good, { ...headers, 'dry-run': 'true' }));
    }
  });
});
