import {
  createOrganization,
  getOrganization,
  listOwnOrganizations,
  Organization,
  OrganizationCreate,
  OrganizationListInput,
  OrganizationPage,
  OrganizationPath,
  OrganizationUpdate,
  tenancyErrors,
  updateOrganization,
} from '@tenon/core';
import { mutation, query, router } from '../trpc.ts';

const organizations = { name: 'Organizations', description: 'Who works together; everything else belongs to one.' };

const { slug_taken } = tenancyErrors;

export const organizationRouter = router({
  create: mutation({
    rest: 'POST /organizations',
    access: 'user',
    tags: [organizations],
    summary: 'Create an organization',
    description: 'You become its owner, and it becomes the active organization of your session.',
    status: 201,
    input: OrganizationCreate,
    output: Organization,
    problems: [slug_taken],
    run: createOrganization,
  }),
  listMine: query({
    rest: 'GET /organizations',
    access: 'user',
    tags: [organizations],
    summary: 'List the organizations in which you are a member',
    input: OrganizationListInput,
    output: OrganizationPage,
    run: listOwnOrganizations,
  }),
  me: query({
    rest: 'GET /organizations/me',
    access: 'organization:read',
    tags: [organizations],
    summary: 'Read your active organization',
    output: Organization,
    run: getOrganization,
  }),
  get: query({
    rest: 'GET /organizations/{organizationId}',
    access: 'organization:read',
    tags: [organizations],
    summary: 'Read an organization',
    input: OrganizationPath,
    output: Organization,
    run: getOrganization,
  }),
  update: mutation({
    rest: 'PATCH /organizations/{organizationId}',
    access: 'organization:update',
    tags: [organizations],
    summary: 'Change an organization',
    versioned: true,
    input: OrganizationUpdate,
    output: Organization,
    problems: [slug_taken],
    run: updateOrganization,
  }),
});
