import {
  ById,
  createTag,
  deleteTag,
  getTag,
  listTags,
  mergeTag,
  page,
  Tag,
  TagCreate,
  TagListInput,
  TagMerge,
  TagUpdate,
  updateTag,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Tags',
  description: 'Labels for tasks, shared by the organization.',
  group: 'Work',
});

const { tag_not_found, tag_name_taken, tag_merged_into_itself } = workErrors;

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
    revalidates: true,
    input: ById,
    output: Tag,
    problems: [tag_not_found],
    run: getTag,
  }),
  update: mutation({
    rest: 'PATCH /tags/{id}',
    access: 'tag:update',
    summary: 'Rename or recolour a tag',
    versioned: true,
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
    versioned: true,
    input: ById,
    problems: [tag_not_found],
    run: deleteTag,
  }),
  merge: mutation({
    rest: 'POST /tags/{id}/merge',
    access: 'tag:delete',
    summary: 'Merge a tag into another one',
    description:
      'Its tasks get the other tag instead, which is answered; their versions stay. The merged tag is deleted for ever. It also needs the permission tag:update. When more than 500 tasks have the tag, nothing changes yet, and a job goes on.',
    versioned: true,
    long: true,
    input: TagMerge,
    output: Tag,
    problems: [tag_not_found, tag_merged_into_itself],
    run: mergeTag,
  }),
});
