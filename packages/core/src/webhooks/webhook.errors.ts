import { defineErrors } from '../kernel/errors.ts';

export const webhookErrors = defineErrors({
  webhook_not_found: { kind: 'not_found', message: 'There is no such webhook.' },
  webhook_inactive: { kind: 'conflict', message: 'The webhook is not active. Activate it first.' },
  delivery_not_found: { kind: 'not_found', message: 'There is no such delivery.' },
});
