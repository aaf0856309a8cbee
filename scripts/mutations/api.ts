import { type Mutation, mutation, type Patch } from './mutation.ts';
import { accessTests, apiKeyTests } from './sources.ts';

export const apiPermission: Patch = {
  file: 'packages/api/src/execute.ts',
  find: 'if (operation.permission !== null) requirePermission(',
  replace: 'if (false) requirePermission(',
};

export const apiSignIn: Patch = {
  file: 'packages/api/src/execute.ts',
  find: 'if (credential === null) throw errors.unauthenticated();',
  replace: 'if (credential === null) return null;',
};

export const apiInstance: Patch = {
  file: 'packages/api/src/execute.ts',
  find: "if (operation.access === 'instance') requireInstanceAdmin(",
  replace: 'if (false) requireInstanceAdmin(',
};

/** What no key does, whatever its scopes. */
const apiKeys: Patch = {
  file: 'packages/api/src/execute.ts',
  find: 'if (identity.apiKey && !operation.apiKey) throw',
  replace: 'if (false) throw',
};

/** What the API asks before it calls a service. */
export const api: readonly Mutation[] = [
  mutation('API: permission', apiPermission.file, apiPermission.find, apiPermission.replace, accessTests),
  mutation('API: sign-in', apiSignIn.file, apiSignIn.find, apiSignIn.replace, accessTests),
  mutation('API: instance', apiInstance.file, apiInstance.find, apiInstance.replace, accessTests),
  mutation('API: keys', apiKeys.file, apiKeys.find, apiKeys.replace, apiKeyTests),
];
