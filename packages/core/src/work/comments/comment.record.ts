import { defineRecord } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { commentTable } from './comment.entity.ts';
import { commentEvents } from './comment.events.ts';
import { Comment } from './comment.schema.ts';

export const comments = defineRecord(commentTable, {
  output: Comment,
  people: { author: 'createdById' },
  events: commentEvents,
  missing: workErrors.comment_not_found,
});
