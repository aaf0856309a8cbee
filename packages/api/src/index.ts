export { type AppRouter, appRouter } from './app-router.ts';
export { openApiDocument } from './document.ts';
export { clientErrorHandler, sendNotFound, sendProblem } from './http/failures.ts';
export type { ErrorShape, OperationMeta } from './meta.ts';
export { type Operation, problemsOf } from './operation.ts';
export { operationsOf } from './operations.ts';
export { answerUnknown, callerOf, serverOptions, tenonApi, type TenonApiOptions } from './plugin.ts';
export type { Problem, ProblemField } from './problem.ts';
export { rewriteUrl } from './rest/aliases.ts';
