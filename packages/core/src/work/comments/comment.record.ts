import { defineRecord } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { CommentEntity } from './comment.entity.ts';
import { commentEvents } from './comment.events.ts';
import { Comment } from './comment.schema.ts';

export const comments = defineRecord(CommentEntity, {
  output: Comment,
  people: { author: 'createdById' },
  events: commentEvents,
  missing: workErrors.comment_not_found,
});
