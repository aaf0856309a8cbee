import type { InputOf } from '../contract/testing/operation-types.ts';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aWebhook } from './webhook.samples.ts';

async function aDelivery(caller: Person) {
  const { id } = await aWebhook(caller);
  const { id: deliveryId } = await caller.organization.people.owner.do('webhooks.ping', { id });
  return { webhookId: id, deliveryId };
}

export default samplesOf('webhookDeliveries', {
  list: {
    input: async (caller): Promise<InputOf<'webhookDeliveries.list'>> => ({
      webhookId: (await aDelivery(caller)).webhookId,
      status: 'pending',
    }),
  },
  get: { input: aDelivery },
  replay: { recordsNothing: 'An event about a delivery would have deliveries of its own.', input: aDelivery },
});
