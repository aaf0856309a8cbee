import { defineErrors } from '../../kernel/errors.ts';
import { defineRecord } from '../../records/index.ts';
import { userEvents } from '../user.events.ts';
import { passkeyTable } from './passkey.entity.ts';
import { Passkey } from './passkey.schema.ts';

export const passkeyErrors = defineErrors({
  passkey_not_found: { kind: 'not_found', message: 'There is no such passkey.' },
  passkey_taken: { kind: 'conflict', message: 'This passkey is registered already.' },
  too_many_passkeys: { kind: 'conflict', message: 'There are 20 passkeys already: delete one first.' },
  passkey_failed: {
    kind: 'unauthenticated',
    message: 'The passkey is not known here, or its answer does not prove that it is yours.',
  },
});

/** Always name the user in a key: behind the identity door there is no wall. */
export const passkeys = defineRecord(passkeyTable, {
  output: Passkey,
  events: {
    created: userEvents.passkey_added,
    updated: userEvents.passkey_renamed,
    deleted: userEvents.passkey_removed,
  },
  about: 'userId',
  missing: passkeyErrors.passkey_not_found,
});
