import { beforeEach, describe, expect, it } from 'vitest';
import { casesWhere, scenes } from './testing/cases.ts';
import type { Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { surfaces } from './testing/wire.ts';

interface Logged {
  readonly id: unknown;
  readonly method: unknown;
  readonly endpoint: unknown;
  readonly path: unknown;
  readonly status: unknown;
  readonly user_id: unknown;
  readonly request: unknown;
  readonly response: unknown;
}

describe.each(scenes)('the log of calls on %s', (_dialect, open) => {
  let scene: Scene;
  let known: number;

  const rows = async (): Promise<Logged[]> => {
    await scene.platform.apiLog.write();
    const { api_requests: all = [] } = await scene.dump(['api_requests']);
    // The ids are in the order of the calls.
    return (all as unknown as Logged[]).toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  };
  /** What was logged since the test began. */
  const logged = async () => (await rows()).slice(known);

  useScene(open, (opened) => ({ scene } = opened));
  beforeEach(async () => {
    known = (await rows()).length;
  });

  it.each(casesWhere(({ organization }) => organization === 'required'))(
    'has %s once for each call, over REST and tRPC alike',
    async (name, one) => {
      const { owner } = scene.acme.people;
      const { method, path, restOnly, status } = one.operation;
      for (const surface of surfaces) {
        if (surface === 'trpc' && restOnly) continue;
        const input = await one.input(owner, scene);
        known = (await rows()).length;
        const reply = await scene.callAs(owner, surface, name, input);
        expect(reply.problem).toBeNull();
        expect(await logged()).toEqual([
          expect.objectContaining({
            method,
            endpoint: `/api/v1${path}`,
            status: surface === 'rest' ? reply.status : status,
            user_id: owner.userId,
          }),
        ]);
      }
    },
  );

  it('has each call of a batch', async () => {
    const { owner } = scene.acme.people;
    await scene.app.inject({
      url: '/trpc/tags.list,teams.list,tags.list?batch=1&input={}',
      headers: { authorization: `Bearer ${owner.token}`, 'x-organization-id': scene.acme.id },
    });
    const endpoints = (await logged()).map(({ endpoint }) => String(endpoint));
    expect(endpoints.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['/api/v1/tags', '/api/v1/tags', '/api/v1/teams']);
  });

  it('has refused calls too, with the reason, but not the input that was refused', async () => {
    const { owner, viewer } = scene.acme.people;
    await scene.callAs(viewer, 'rest', 'tags.create', { name: 'Depot' });
    await scene.callAs(owner, 'rest', 'tags.create', { name: 7 });
    await scene.callAs(owner, 'rest', 'tags.update', { id: owner.userId, name: 'Depot' });
    await scene.call('rest', 'tags.list', {});
    const found = (await logged()).map(({ status, request, response }) => ({
      status,
      request,
      code: (JSON.parse(String(response)) as { code: string }).code,
    }));
    expect(found).toEqual([
      { status: 403, request: null, code: 'permission_denied' },
      { status: 400, request: null, code: 'validation_failed' },
      { status: 404, request: JSON.stringify({ id: owner.userId, name: 'Depot' }), code: 'tag_not_found' },
    ]);
  });

  it('says what a dry run would have answered, and no query of a URL', async () => {
    const { owner } = scene.acme.people;
    await scene.callAs(owner, 'rest', 'tags.create', { name: 'Dry', color: '#112233' }, { 'dry-run': 'true' });
    await scene.callAs(owner, 'rest', 'tags.list', { limit: 1 });
    expect(await logged()).toEqual([
      expect.objectContaining({ status: 200, response: expect.stringContaining('"name":"Dry"') }),
      expect.objectContaining({ status: 200, path: '/api/v1/tags', request: null, response: null }),
    ]);
  });
});
