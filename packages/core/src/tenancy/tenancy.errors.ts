import { defineErrors } from '../kernel/errors.ts';

export const tenancyErrors = defineErrors({
  no_organization: {
    kind: 'forbidden',
    message: 'You are not a member of any organization yet: create one, or accept an invitation.',
  },
  organization_required: {
    kind: 'validation',
    message: 'You are a member of several organizations: choose one with the header X-Organization-Id.',
  },
  organization_not_found: {
    kind: 'not_found',
    message: 'There is no such organization, or you are not a member of it.',
  },
  avatar_not_found: { kind: 'not_found', message: 'There is no picture.' },
  organization_inactive: { kind: 'forbidden', message: 'This organization is not active.' },
  organization_not_deleted: { kind: 'conflict', message: 'This organization is not in the trash.' },
  session_cut_off: {
    kind: 'forbidden',
    message: 'An administrator ended your sessions in this organization: sign in again to return to it.',
  },
  slug_taken: { kind: 'conflict', message: 'Another organization has this slug.' },
  member_not_found: { kind: 'not_found', message: 'There is no such member.' },
  role_not_found: { kind: 'not_found', message: 'There is no such role.' },
  role_key_taken: { kind: 'conflict', message: 'Another role has this key.' },
  role_built_in: {
    kind: 'conflict',
    message: 'A built-in role is what it is: create a custom one that inherits from it.',
  },
  role_cycle: { kind: 'conflict', message: 'A role cannot inherit from itself, or from one that inherits from it.' },
  role_in_use: {
    kind: 'conflict',
    message:
      'Somebody holds this role, an open invitation offers it, an identity provider gives it, or another role inherits from it.',
  },
  too_many_roles: { kind: 'conflict', message: 'The organization has as many custom roles as it can.' },
  role_assignment_not_found: { kind: 'not_found', message: 'There is no such role assignment.' },
  role_assigned_already: { kind: 'conflict', message: 'They hold this role there already.' },
  role_exceeds_own: {
    kind: 'forbidden',
    message: 'Nobody gives or takes a role that allows more than their own roles do.',
  },
  last_owner: {
    kind: 'conflict',
    message: 'An organization keeps at least one owner: make somebody else an owner first.',
  },
  invitation_not_found: { kind: 'not_found', message: 'There is no such invitation.' },
  invitation_not_pending: {
    kind: 'conflict',
    message: 'This invitation has been answered, was revoked, or has expired.',
  },
});
