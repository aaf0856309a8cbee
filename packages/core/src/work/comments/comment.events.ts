import { z } from 'zod';
import { defineEvents, lifecycle } from '../../activity/index.ts';

export const commentEvents = defineEvents('comment', lifecycle('a comment', {}, { body: z.string() }));
