import { getCurrentUser, updateCurrentUser, User, userErrors, UserUpdate } from '@tenon/core';
import { mutation, query, router } from '../trpc.ts';

const users = { name: 'Users', description: 'People, known to the whole installation.' };

export const userRouter = router({
  me: query({
    rest: 'GET /users/me',
    access: 'user',
    tags: [users],
    summary: 'Read your own profile',
    output: User,
    run: getCurrentUser,
  }),
  updateMe: mutation({
    rest: 'PATCH /users/me',
    access: 'user',
    tags: [users],
    summary: 'Change your own profile',
    description: 'Only the fields given change; null clears.',
    input: UserUpdate,
    output: User,
    problems: [userErrors.username_taken],
    run: updateCurrentUser,
  }),
});
