import { defineErrors } from '../kernel/errors.ts';
import { defineRecord } from '../records/index.ts';
import { sessionTable } from './session.entity.ts';
import { Session } from './session.schema.ts';

export const sessionErrors = defineErrors({
  session_not_found: {
    kind: 'not_found',
    message: 'There is no such session, or it has ended.',
    cause: 'No session with this id is yours, or it has ended.',
    remedy: 'List your sessions with `GET /api/v1/users/me/sessions`.',
  },
});

export const sessions = defineRecord(sessionTable, {
  output: Session,
  events: {},
  missing: sessionErrors.session_not_found,
});
