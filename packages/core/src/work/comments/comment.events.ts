import { z } from 'zod';
import { defineEvents, lifecycle } from '../../activity/index.ts';

const { created } = lifecycle('a comment', {}, { body: z.string() });

export const commentEvents = defineEvents('comment', { created });
