import { expect, it } from 'vitest';
import '../../platform.ts';
import { membershipEnding } from './membership.lifecycle.ts';

it('ends all that a member has as a member, in this order', () => {
  expect(membershipEnding.registered.map(({ name }) => name)).toEqual([
    'dropRoles',
    'revokeApiKeysOf',
    'leaveTeams',
    'leaveDepartments',
    'leaveWatched',
    'leaveProjects',
    'disableWebhooksOf',
  ]);
});
