import { randomUUID } from 'node:crypto';
import { deactivate, enrolPasskey, enrolTotp, givePassword, limitedTokenOf } from '@tenon/core/testing';
import type { InjectOptions } from 'fastify';
import { refreshCookieName } from '../../http/transport.ts';
import type { Problem } from '../../problem.ts';
import { aTask } from '../../work/task.samples.ts';
import { aBeginning, aLinkAnswered, anIssuersAnswer } from './oidc.ts';
import type { Scene, SceneOrganization } from './scene.ts';

/** Who is there when a problem is provoked. */
type World = { readonly scene: Scene } & SceneOrganization['people'];

interface ProblemCall {
  readonly code: string;
  /** Calls what answers the problem. */
  readonly call: (world: World) => Promise<Problem | null>;
}

async function inject({ app }: Scene, options: InjectOptions): Promise<Problem | null> {
  const { statusCode, body } = await app.inject(options);
  return statusCode < 400 ? null : (JSON.parse(body) as Problem);
}

const json = { 'content-type': 'application/json' };
const password = 'correct horse battery';
const task = { title: 'Count the boxes' };

/** Calls with which every server answers common problems. The samples of the operations cause others. */
export const problemCalls: readonly ProblemCall[] = [
  {
    code: 'validation_failed',
    call: async ({ scene, owner }) =>
      (await scene.callAs(owner, 'rest', 'tasks.create', { title: '', priority: 'highest', colour: 'red' })).problem,
  },
  {
    code: 'unauthenticated',
    call: async ({ scene }) => (await scene.call('rest', 'tasks.list', {})).problem,
  },
  {
    code: 'invalid_credentials',
    call: async ({ scene, owner }) =>
      (await scene.call('rest', 'auth.login', { login: owner.email, password: 'not my password' })).problem,
  },
  {
    code: 'invalid_challenge',
    call: async ({ scene }) =>
      (await scene.call('rest', 'auth.verifySecondFactor', { challengeToken: 'a'.repeat(43), code: '123456' })).problem,
  },
  {
    code: 'permission_denied',
    call: async ({ scene, viewer }) => (await scene.callAs(viewer, 'rest', 'tasks.create', task)).problem,
  },
  {
    code: 'identity_not_proven',
    call: async ({ scene, owner }) => {
      await givePassword(scene.platform, owner.userId);
      return (await scene.callAs(owner, 'rest', 'auth.startTotp', {})).problem;
    },
  },
  {
    code: 'organization_not_found',
    call: async ({ scene, owner }) =>
      (await scene.callAs(owner, 'rest', 'tasks.list', {}, { 'x-organization-id': 'analytical-engines' })).problem,
  },
  {
    code: 'limit_exceeded',
    call: async ({ scene, owner }) => {
      const { id: organization } = owner.organization;
      await owner.do('organizations.setTier', { organization, tier: 'free', maxTasks: 1 });
      await aTask(owner);
      return (await scene.callAs(owner, 'rest', 'tasks.create', task)).problem;
    },
  },
  {
    code: 'version_conflict',
    call: async ({ scene, owner }) => {
      const input = { id: (await aTask(owner)).id, title: 'Count the crates' };
      return (await scene.callAs(owner, 'rest', 'tasks.update', input, { 'if-match': '"7"' })).problem;
    },
  },
  {
    code: 'precondition_failed',
    call: async ({ scene, owner }) => {
      const input = { id: (await aTask(owner)).id, title: 'Count the crates' };
      return (await scene.callAs(owner, 'rest', 'tasks.update', input, { 'if-none-match': '"1"' })).problem;
    },
  },
  {
    code: 'idempotency_key_reused',
    call: async ({ scene, owner }) => {
      const headers = { 'idempotency-key': randomUUID() };
      await scene.callAs(owner, 'rest', 'tasks.create', task, headers);
      return (await scene.callAs(owner, 'rest', 'tasks.create', { title: 'Sort the shelves' }, headers)).problem;
    },
  },
  {
    code: 'idempotency_secret_already_shown',
    call: async ({ scene, owner }) => {
      const headers = { 'idempotency-key': randomUUID() };
      const input = { name: 'Nightly import', scopes: ['task:read'] };
      await scene.callAs(owner, 'rest', 'apiKeys.create', input, headers);
      return (await scene.callAs(owner, 'rest', 'apiKeys.create', input, headers)).problem;
    },
  },
  {
    code: 'payload_too_large',
    call: ({ scene, owner }) =>
      inject(scene, {
        method: 'POST',
        url: '/api/v1/tasks',
        headers: { ...json, authorization: `Bearer ${owner.token}` },
        payload: JSON.stringify({ title: 'x'.repeat(1024 * 1024) }),
      }),
  },
  {
    code: 'unsupported_media_type',
    call: ({ scene, owner }) =>
      inject(scene, {
        method: 'POST',
        url: '/api/v1/tasks',
        headers: { 'content-type': 'text/plain', authorization: `Bearer ${owner.token}` },
        payload: 'Count the boxes',
      }),
  },
  {
    code: 'range_not_satisfiable',
    call: async ({ scene, owner }) => {
      const { id } = await owner.do('attachments.upload', { taskId: (await aTask(owner)).id });
      return (await scene.callAs(owner, 'rest', 'attachments.download', { id }, { range: 'bytes=1000-' })).problem;
    },
  },
  {
    code: 'rate_limited',
    call: async ({ scene, owner }) => {
      const login = { login: owner.email, password: 'not my password' };
      for (let turn = 0; turn < 10; turn++) await scene.call('rest', 'auth.login', login);
      return (await scene.call('rest', 'auth.login', login)).problem;
    },
  },
  {
    code: 'email_not_verified',
    call: async ({ scene, owner }) => {
      const email = `${randomUUID()}@example.com`;
      await owner.do('auth.register', { email, password });
      return (await scene.call('rest', 'auth.login', { login: email, password })).problem;
    },
  },
  {
    code: 'second_factor_required',
    call: async ({ scene, owner }) => {
      const own = await givePassword(scene.platform, owner.userId);
      await enrolTotp(scene.platform, owner.userId);
      return (await scene.call('rest', 'auth.login', { login: owner.email, password: own })).problem;
    },
  },
  {
    code: 'api_key_refused',
    call: async ({ scene, owner }) => {
      const { secret } = await owner.do('apiKeys.create', { name: 'Nightly import', scopes: ['task:read'] });
      return (await scene.call('rest', 'sessions.list', {}, { headers: { 'x-api-key': secret } })).problem;
    },
  },
  {
    code: 'session_limited',
    call: async ({ scene, owner }) => {
      const token = await limitedTokenOf(scene.platform, owner.userId, owner.organization.id);
      return (await scene.call('rest', 'sessions.list', {}, { token })).problem;
    },
  },
  {
    code: 'cross_site_request',
    call: ({ scene }) =>
      inject(scene, {
        method: 'POST',
        url: '/api/v1/auth/refresh',
        headers: { cookie: `${refreshCookieName}=x`, origin: 'https://elsewhere.example.com' },
      }),
  },
  {
    code: 'organization_inactive',
    call: async ({ scene, owner, member }) => {
      await owner.do('organizations.deactivate', { organizationId: owner.organization.id });
      return (await scene.callAs(member, 'rest', 'tasks.list', {})).problem;
    },
  },
  {
    code: 'too_many_passkeys',
    call: async ({ scene, owner }) => {
      const own = await givePassword(scene.platform, owner.userId);
      for (let count = 0; count < 20; count++) await enrolPasskey(scene.platform, owner.userId);
      return (await scene.callAs(owner, 'rest', 'auth.startPasskey', { password: own })).problem;
    },
  },
  {
    code: 'oidc_issuer_not_found',
    call: async ({ scene }) =>
      (await scene.call('rest', 'auth.startOidc', { ...aBeginning(scene.issuer), issuer: 'nowhere' })).problem,
  },
  {
    code: 'oidc_rejected',
    call: async ({ scene, owner }) => {
      const answer = { ...(await anIssuersAnswer(owner, scene)), code: 'unknown' };
      return (await scene.call('rest', 'auth.finishOidc', answer)).problem;
    },
  },
  {
    code: 'user_inactive',
    call: async ({ scene, owner }) => {
      const subject = randomUUID();
      const { user } = await owner.do('auth.finishOidc', await anIssuersAnswer(owner, scene, undefined, subject));
      await deactivate(scene.platform, user.id);
      const again = await anIssuersAnswer(owner, scene, undefined, subject);
      return (await scene.call('rest', 'auth.finishOidc', again)).problem;
    },
  },
  {
    code: 'oidc_account_exists',
    call: async ({ scene, owner }) => {
      const email = `${randomUUID()}@example.com`;
      await owner.do('auth.register', { email, password });
      const answer = await anIssuersAnswer(owner, scene, undefined, randomUUID(), email);
      return (await scene.call('rest', 'auth.finishOidc', answer)).problem;
    },
  },
  {
    code: 'oidc_identity_taken',
    call: async ({ scene, owner, manager }) => {
      const subject = randomUUID();
      await owner.do('auth.finishOidcLink', await aLinkAnswered(owner, scene, subject));
      const answer = await aLinkAnswered(manager, scene, subject);
      return (await scene.callAs(manager, 'rest', 'auth.finishOidcLink', answer)).problem;
    },
  },
];
