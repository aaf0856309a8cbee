import { staleValues, warmCaches } from '@tenon/core/testing';
import { describe, expect, it } from 'vitest';
import { casesWhere, scenes } from './testing/cases.ts';
import type { Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';

/*
 * What a process has cached of sessions, API keys and principals is right again as soon as a mutation has answered: nobody sees what
 * was true before their own change.
 */
describe.each(scenes)('on %s, no cached value is older than a mutation that has answered:', (_dialect, open) => {
  let scene: Scene;
  useScene(open, async (opened) => {
    ({ scene } = opened);
    await scene.acme.people.owner.do('apiKeys.create', { name: 'Cached', scopes: ['task:read'] });
  });

  it.each(casesWhere(({ type }) => type === 'mutation'))('%s', async (name, one) => {
    const { people } = scene.acme;
    const { owner } = people;
    const input = await one.input(owner, scene);
    await warmCaches(
      scene.platform,
      Object.values(people).map(({ userId }) => userId),
    );

    const { problem } = await scene.callAs(owner, 'rest', name, input);

    expect(problem).toBeNull();
    expect(await staleValues(scene.platform.database)).toEqual([]);
  });
});
