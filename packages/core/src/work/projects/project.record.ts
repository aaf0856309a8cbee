import { keyOf } from '../../kernel/text.ts';
import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import { projectMemberTable, projectTable } from './project.entity.ts';
import { projectEvents } from './project.events.ts';
import { Project, ProjectMember } from './project.schema.ts';

export const projects = defineRecord(projectTable, {
  output: Project,
  people: { lead: 'leadId', createdBy: 'createdById' },
  events: projectEvents,
  derived: ({ name }) => ({ nameSort: keyOf(name) }),
  missing: workErrors.project_not_found,
  taken: { error: workErrors.project_key_taken, fields: ['key'] },
});

export const projectMembers = defineRecord(projectMemberTable, {
  output: ProjectMember,
  people: { user: 'userId', addedBy: 'addedById' },
  events: { created: projectEvents.member_added, deleted: projectEvents.member_removed },
  about: 'projectId',
  missing: () => tenancyErrors.member_not_found({ field: ['userId'] }),
});
