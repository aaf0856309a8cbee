import type { Unit } from '../database/unit-of-work.ts';
import type { DisabledReason } from './webhook.entity.ts';
import { webhookEvents } from './webhook.events.ts';
import { webhooks } from './webhook.record.ts';

/** Disables some webhooks of an organization. The event notifies the members that they act as, and the administrators. */
async function disableMatching(
  unit: Unit,
  match: { organizationId: string } & ({ id: string } | { runsAsId: string }),
  disabledReason: DisabledReason,
  actorId: string | null,
): Promise<void> {
  const active = await webhooks.lockMany(unit, { ...match, isActive: true }, { invisible: true });
  const { organizationId } = match;
  const event = { event: webhookEvents.disabled, organizationId, actorId };
  await webhooks.changeMany(unit, active, { isActive: false, disabledReason }, event);
}

/** Disables a webhook if it is active. The unit may be behind the system door. */
export const disableWebhook = (
  unit: Unit,
  { organizationId, id }: { organizationId: string; id: string },
  reason: DisabledReason,
): Promise<void> => disableMatching(unit, { organizationId, id }, reason, null);

/** Disables the webhooks that act as a departing member. */
export const disableWebhooksOf = (unit: Unit, userId: string): Promise<void> =>
  disableMatching(unit, { ...unit.owner, runsAsId: userId }, 'member_inactive', unit.scope.userId);
