// What the client needs to know of the API beside its operations. The published package takes it from the types that are written out.
export type { AppRouter, Job, Problem, ProblemField } from '@tenon/api';
