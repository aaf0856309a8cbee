import {
  ById,
  createTag,
  deleteTag,
  getTag,
  listTags,
  page,
  Tag,
  TagCreate,
  TagListInput,
  TagUpdate,
  updateTag,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({ name: 'Tags', description: 'Labels for tasks, shared by the organization.' });

const { tag_not_found, tag_name_taken } = workErrors;

export const tagRouter = router({
  list: query({
    rest: 'GET /tags',
    access: 'tag:read',
    summary: 'List tags',
    input: TagListInput,
    output: page(Tag),
    run: listTags,
  }),
  create: mutation({
    rest: 'POST /tags',
    access: 'tag:create',
    summary: 'Create a tag',
    status: 201,
    input: TagCreate,
    output: Tag,
    problems: [tag_name_taken],
    run: createTag,
  }),
  get: query({
    rest: 'GET /tags/{id}',
    access: 'tag:read',
    summary: 'Get a tag',
    input: ById,
    output: Tag,
    problems: [tag_not_found],
    run: getTag,
  }),
  update: mutation({
    rest: 'PATCH /tags/{id}',
    access: 'tag:update',
    summary: 'Rename or recolour a tag',
    input: TagUpdate,
    output: Tag,
    problems: [tag_not_found, tag_name_taken],
    run: updateTag,
  }),
  delete: mutation({
    rest: 'DELETE /tags/{id}',
    access: 'tag:delete',
    summary: 'Delete a tag for ever',
    description: 'Tasks lose it; their versions stay.',
    input: ById,
    problems: [tag_not_found],
    run: deleteTag,
  }),
});
