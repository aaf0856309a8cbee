import { defineErrors, notFound, notInTrash } from '../kernel/errors.ts';

export const tenancyErrors = defineErrors({
  no_organization: {
    kind: 'forbidden',
    message: 'You are not a member of any organization yet: create one, or accept an invitation.',
    cause: 'The operation acts in an organization, and you are a member of none.',
    remedy:
      'Create one with `POST /api/v1/organizations`, or accept an invitation: `GET /api/v1/invitations` lists yours.',
  },
  organization_required: {
    kind: 'validation',
    message: 'You are a member of several organizations: choose one with the header X-Organization-Id.',
    cause:
      'You are a member of several organizations, and neither the path, the header `X-Organization-Id` nor your session says which one is meant.',
    remedy: 'Send the id or the slug of one in `X-Organization-Id`. `GET /api/v1/organizations` lists yours.',
  },
  organization_not_found: {
    kind: 'not_found',
    message: 'There is no such organization, or you are not a member of it.',
    cause: 'No organization has this id or slug, or you are not a member of it.',
    remedy: 'List your organizations with `GET /api/v1/organizations`, and use one of their ids or slugs.',
  },
  organization_inactive: {
    kind: 'forbidden',
    message: 'This organization is not active.',
    cause: 'The organization was deactivated. Its data is kept.',
    remedy: 'Ask an owner of the organization to activate it.',
  },
  organization_not_deleted: notInTrash('organization'),
  session_cut_off: {
    kind: 'forbidden',
    message: 'An administrator ended your sessions in this organization: sign in again to return to it.',
    cause: 'An administrator of the organization has ended your sessions there.',
    remedy: 'Sign in again. Your other organizations can be used without that.',
  },
  slug_taken: {
    kind: 'conflict',
    message: 'Another organization has this slug.',
    cause: 'Another organization has this slug. Slugs are unique on the whole server.',
    remedy: 'Choose another slug, or leave it out when you create an organization: it is then made from the name.',
  },
  member_not_found: notFound('member'),
  role_not_found: notFound('role'),
  role_key_taken: {
    kind: 'conflict',
    message: 'Another role has this key.',
    cause: 'Another role of the organization has this key.',
    remedy: 'Choose another key, or leave it out: it is then made from the name.',
  },
  role_built_in: {
    kind: 'conflict',
    message: 'A built-in role is what it is: create a custom one that inherits from it.',
    cause: 'Built-in roles cannot be changed or deleted.',
    remedy: 'Create a custom role that inherits from it, and change that one.',
  },
  role_cycle: {
    kind: 'conflict',
    message: 'A role cannot inherit from itself, or from one that inherits from it.',
    cause: 'The role would inherit from itself, directly or through other roles.',
    remedy: 'Choose another parent, or none.',
  },
  role_in_use: {
    kind: 'conflict',
    message:
      'Somebody holds this role, an open invitation offers it, an identity provider gives it, or another role inherits from it.',
    cause:
      'Members have the role, an open invitation or an identity provider gives it, or another role inherits from it.',
    remedy: 'Give those members another role, and remove it everywhere else, before you delete it.',
  },
  too_many_roles: {
    kind: 'conflict',
    message: 'The organization has as many custom roles as it can.',
    cause: 'The organization has the greatest possible number of custom roles.',
    remedy: 'Delete custom roles that nobody has, or use one that exists.',
  },
  role_assignment_not_found: notFound('role assignment'),
  role_assigned_already: {
    kind: 'conflict',
    message: 'They hold this role there already.',
    cause: 'The member has this role with the same scope.',
    remedy: 'Nothing needs to be done. To change until when it is valid, delete the assignment and create a new one.',
  },
  role_exceeds_own: {
    kind: 'forbidden',
    message: 'Nobody gives or takes a role that allows more than their own roles do.',
    cause: 'The change gives or takes permissions that you do not have yourself.',
    remedy: 'Choose a role that allows no more than your own roles, or ask somebody whose roles allow more.',
  },
  last_owner: {
    kind: 'conflict',
    message: 'An organization keeps at least one owner: make somebody else an owner first.',
    cause: 'The organization would have no owner left.',
    remedy: 'Make another member an owner, and repeat the request.',
  },
  invitation_not_found: notFound('invitation'),
  invitation_not_pending: {
    kind: 'conflict',
    message: 'This invitation has been answered, was revoked, or has expired.',
    cause: 'The invitation was accepted, declined or revoked, or it has expired.',
    remedy: 'Ask for a new invitation.',
  },
});
