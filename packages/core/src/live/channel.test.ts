import { beforeAll, describe, expect, it } from 'vitest';
import { sealedHead } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { createOrganization, dialects } from '../testing/index.ts';
import { openSuite } from '../testing/suite.ts';
import { createTask, updateTask } from '../work/index.ts';
import { Channel } from './channel.ts';
import { Subscription } from './subscription.ts';

describe.each(dialects)('a channel on %s', (dialect) => {
  const suite = openSuite(dialect);
  let ctx: ServiceContext;
  beforeAll(async () => {
    ctx = suite.platform.context({ principal: null });
    for (const title of ['One', 'Two', 'Three', 'Four']) await createTask(suite.acme.owner.ctx(), { title });
    await suite.platform.sealer.sealAll();
  });

  const readerAt = (position: number, { owner: { principal } } = suite.acme): Subscription => {
    const filter = { types: null, entityId: null, projectId: null };
    const reader = new Subscription({ principal, filter, check: async () => principal, onEnd: () => {} });
    reader.position = position;
    return reader;
  };

  /** Takes what waits. */
  async function taken(reader: Subscription): Promise<number[]> {
    const sequences: number[] = [];
    for (;;) {
      const frame = await reader.next(1);
      if (frame === null || frame === 'idle') return sequences;
      if (frame.kind === 'event') sequences.push(frame.event.sequence);
    }
  }

  it('sends a reader who takes everything more than may wait for them', async () => {
    const large = await createOrganization(suite.platform, 'Large');
    const { id } = await createTask(large.owner.ctx(), { title: 'Large' });
    for (let count = 0; count < 14; count += 1)
      await updateTask(large.owner.ctx(), { id, description: String(count % 10).repeat(50_000) });
    await suite.platform.sealer.sealAll();
    const channel = new Channel(ctx, large.id, await sealedHead(suite.platform.database, large.id));
    const reader = readerAt(0, large);
    void channel.follow(reader);
    for (let sequence = 1; sequence <= 15; sequence += 1)
      expect(await reader.next()).toMatchObject({ event: { sequence } });
  });

  it('sends nothing twice to a reader who begins beyond its head', async () => {
    const channel = new Channel(ctx, suite.acme.id, 0);
    const reader = readerAt(2);
    await channel.follow(reader);
    await channel.pump();
    expect(await taken(reader)).toEqual([3, 4]);
    expect(channel.head).toBe(4);
  });

  it('sends a reader what they lack, and then each new event', async () => {
    const head = await sealedHead(suite.platform.database, suite.acme.id);
    const channel = new Channel(ctx, suite.acme.id, head);
    const reader = readerAt(1);
    const following = channel.follow(reader);
    await createTask(suite.acme.owner.ctx(), { title: 'Five' });
    await suite.platform.sealer.sealAll();
    await Promise.all([following, channel.pump(), channel.pump()]);
    await channel.pump();
    expect(await taken(reader)).toEqual([2, 3, 4, 5]);
    expect(reader.position).toBe(5);
    channel.remove(reader);
    await createTask(suite.acme.owner.ctx(), { title: 'Six' });
    await suite.platform.sealer.sealAll();
    await channel.pump();
    expect(await taken(reader)).toEqual([]);
  });
});
