import { randomUUID } from 'node:crypto';
import type { InputOf } from '../contract/testing/operation-types.ts';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

/** The tests make more webhooks than any tier has room for. */
async function makeRoom({ organization }: Person): Promise<void> {
  const { owner } = organization.people;
  const { data, total = 0 } = await owner.do('webhooks.list', { sort: 'createdAt', limit: 100, total: true });
  if (total > 200) for (const { id } of data) await owner.do('webhooks.delete', { id });
}

/** Nothing is sent in these tests. */
const newUrl = () => `https://hooks.example.com/${randomUUID()}`;

export async function aWebhook(caller: Person) {
  await makeRoom(caller);
  return caller.organization.people.owner.do('webhooks.create', { url: newUrl(), events: ['tag.*'] });
}

export default samplesOf('webhooks', {
  list: {
    input: async (caller) => {
      await aWebhook(caller);
      return { active: true };
    },
  },
  create: {
    input: async (caller) => {
      await makeRoom(caller);
      return { url: newUrl(), events: ['task.*', 'comment.created'], description: 'Billing' };
    },
  },
  get: { input: async (caller) => ({ id: (await aWebhook(caller)).id }) },
  update: {
    input: async (caller) => ({
      id: (await aWebhook(caller)).id,
      url: newUrl(),
      events: ['*'],
      description: 'Reports',
      isActive: false,
    }),
  },
  delete: { input: async (caller) => ({ id: (await aWebhook(caller)).id }) },
  rotateSecret: { input: async (caller) => ({ id: (await aWebhook(caller)).id }) },
  ping: { input: async (caller) => ({ id: (await aWebhook(caller)).id }) },
  replay: {
    recordsNothing: 'An event about a delivery would have deliveries of its own.',
    input: async (caller): Promise<InputOf<'webhooks.replay'>> => {
      const { id } = await aWebhook(caller);
      await caller.organization.people.owner.do('webhooks.ping', { id });
      return { id, since: '2026-01-31T09:00:00.000Z', status: 'pending' };
    },
  },
});
