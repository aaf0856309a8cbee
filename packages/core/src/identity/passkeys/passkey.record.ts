import { defineErrors, notFound } from '../../kernel/errors.ts';
import { defineRecord } from '../../records/index.ts';
import { userEvents } from '../user.events.ts';
import { passkeyTable } from './passkey.entity.ts';
import { Passkey } from './passkey.schema.ts';

export const passkeyErrors = defineErrors({
  passkey_not_found: notFound('passkey'),
  passkey_taken: {
    kind: 'conflict',
    message: 'This passkey is registered already.',
    cause: 'The passkey of this authenticator is registered already.',
    remedy: 'Sign in with it, or delete it before you register it again.',
  },
  too_many_passkeys: {
    kind: 'conflict',
    message: 'There are 20 passkeys already: delete one first.',
    cause: 'An account can have 20 passkeys.',
    remedy: 'Delete a passkey that is no longer used.',
  },
  passkey_failed: {
    kind: 'unauthenticated',
    message: 'The passkey is not known here, or its answer does not prove that it is yours.',
    cause: 'No account has this passkey, or its signature does not match the challenge.',
    remedy: 'Begin again, and choose a passkey that is registered here. Otherwise sign in another way.',
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
