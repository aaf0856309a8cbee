import { defineEntity, p } from '@mikro-orm/core';
import { id, indexesBy, instant, sortKey, tenantKey, trashColumns } from '../../database/columns.ts';
import { defineTenantTable } from '../../tenancy/index.ts';
import { projectStatuses, projectVisibilities } from './project.schema.ts';

/** What tasks are for. A private project is a closed place: what is in it is visible to its members only. */
export const ProjectEntity = defineEntity({
  name: 'Project',
  tableName: 'projects',
  properties: {
    ...tenantKey(),
    /** The present key. `ProjectKeyEntity` has those before it too. */
    key: p.string(),
    name: p.string(),
    /** The name in lower case, by which lists are sorted. */
    nameSort: sortKey(),
    description: p.text().nullable(),
    status: p.enum(projectStatuses),
    visibility: p.enum(projectVisibilities),
    leadId: id().nullable(),
    startDate: instant().nullable(),
    targetDate: instant().nullable(),
    archivedAt: instant().nullable(),
    /** What was trashed together is restored together. */
    trashId: id().nullable(),
    ...trashColumns(),
  },
  uniques: [{ properties: ['organizationId', 'key'] }],
  indexes: [
    ...indexesBy('createdAt', 'updatedAt', 'nameSort', 'targetDate', 'leadId'),
    { name: 'projects_private_index', properties: ['organizationId', 'id'], where: `visibility = 'private'` },
  ],
});

/** The people of a project. In a private one, only they can be assigned to tasks, and those who may read all private projects. */
const ProjectMemberEntity = defineEntity({
  name: 'ProjectMember',
  tableName: 'project_members',
  properties: {
    organizationId: id().primary(),
    projectId: id().primary(),
    userId: id().primary(),
    createdAt: instant(),
    addedById: id(),
  },
  indexes: [
    { properties: ['organizationId', 'projectId', 'createdAt', 'userId'] },
    { properties: ['organizationId', 'userId', 'projectId'] },
  ],
});

/** Every key that a project has or had. A key stays with its project, so that old keys of tasks always lead to the same task. */
export const ProjectKeyEntity = defineEntity({
  name: 'ProjectKey',
  tableName: 'project_keys',
  properties: {
    organizationId: id().primary(),
    key: p.string().primary(),
    projectId: id(),
  },
  indexes: [{ properties: ['organizationId', 'projectId'] }],
});

export const projectTable = defineTenantTable(ProjectEntity, {
  members: ['leadId'],
  visibility: {
    kind: 'own',
    permission: 'project:read',
    entityType: 'project',
    places: { project: 'id' },
    shared: true,
    closing: {
      place: 'project',
      when: { property: 'visibility', is: 'private' },
      members: { in: () => ProjectMemberEntity, row: 'projectId', user: 'userId' },
      opensWith: 'project:read_private',
    },
  },
});

const ofProject = { columns: ['organizationId', 'projectId'], to: () => ProjectEntity, onDelete: 'cascade' } as const;

export const projectMemberTable = defineTenantTable(ProjectMemberEntity, {
  withoutRowid: true,
  members: ['userId', 'addedById'],
  references: [ofProject],
  visibility: {
    kind: 'parent',
    permission: 'project:read',
    entityType: 'project_member',
    parents: { projectId: () => ProjectEntity },
  },
});

export const projectKeyTable = defineTenantTable(ProjectKeyEntity, { withoutRowid: true, references: [ofProject] });
