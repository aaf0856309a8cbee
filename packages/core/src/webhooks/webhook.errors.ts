import { defineErrors, notFound } from '../kernel/errors.ts';

export const webhookErrors = defineErrors({
  webhook_not_found: notFound('webhook'),
  webhook_inactive: {
    kind: 'conflict',
    message: 'The webhook is not active. Activate it first.',
    cause:
      'The webhook is disabled, by a person or because its receiver failed for too long. `disabledReason` says why.',
    remedy: 'Correct what failed, set `isActive` to true, and repeat the request.',
  },
  delivery_not_found: notFound('delivery'),
});
