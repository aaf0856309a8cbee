import { defineErrors } from '../../kernel/errors.ts';

export const serviceAccountErrors = defineErrors({
  service_account_not_found: { kind: 'not_found', message: 'There is no such service account.' },
});
