import { ById, endOwnSession, listOwnSessions, page, Session, sessionErrors, SessionListInput } from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Sessions',
  description: 'Where you are signed in: at most three at a time, and three more at the issuers of each organization.',
  group: 'Signing in',
  guide: 'sign-in',
});

export const sessionRouter = router({
  list: query({
    rest: 'GET /users/me/sessions',
    access: 'user',
    summary: 'List your own sessions',
    input: SessionListInput,
    output: page(Session),
    run: listOwnSessions,
  }),
  end: mutation({
    rest: 'DELETE /users/me/sessions/{id}',
    access: 'user',
    summary: 'End one of your own sessions',
    description: 'Its tokens stop working within 5 seconds everywhere.',
    input: ById,
    problems: [sessionErrors.session_not_found],
    run: endOwnSession,
  }),
});
