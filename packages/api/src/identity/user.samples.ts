import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';

export default samplesOf('users', {
  me: { input: () => ({}) },
  updateMe: { input: () => ({ fullName: `Robin ${randomUUID()}`, timezone: 'Europe/Berlin' }) },
});
