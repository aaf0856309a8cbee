import { keyOf } from '../../kernel/text.ts';
import { defineRecord } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { tagTable } from './tag.entity.ts';
import { tagEvents } from './tag.events.ts';
import { Tag } from './tag.schema.ts';

export const tags = defineRecord(tagTable, {
  output: Tag,
  events: tagEvents,
  derived: ({ name }) => ({ nameSort: keyOf(name) }),
  missing: workErrors.tag_not_found,
  taken: { error: workErrors.tag_name_taken, fields: ['name'] },
});
