import {
  AccessExplanation,
  AccessQuestion,
  explainAccess,
  getOwnAccess,
  OwnAccess,
  errors,
  tenancyErrors,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { query } = heading({
  name: 'Access',
  description: 'Why something is allowed or refused.',
  group: 'People and access',
  guide: 'access',
});

export const accessRouter = router({
  me: query({
    rest: 'GET /access/me',
    access: 'user',
    apiKey: true,
    organization: 'required',
    summary: 'List your own effective permissions',
    description: 'With the roles that give them, where and until when.',
    output: OwnAccess,
    run: getOwnAccess,
  }),
  explain: query({
    rest: 'POST /access/explain',
    access: 'user',
    apiKey: true,
    organization: 'required',
    summary: 'Explain whether an action would be allowed',
    description: 'It says what the refusal of the action would say, and changes nothing.',
    input: AccessQuestion,
    output: AccessExplanation,
    problems: [errors.permission_denied, tenancyErrors.member_not_found, workErrors.project_not_found],
    run: explainAccess,
  }),
});
