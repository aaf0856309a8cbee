import {
  type BuiltInRoleKey,
  builtInRoleKeys,
  builtInRoles,
  type Permission,
  writeApiKeyUses,
  writeFetched,
} from '@tenon/core';
import {
  accessTokenOf,
  createOrganization,
  createTestPlatform,
  type Dump,
  type Fingerprints,
  makeInstanceAdmin,
  openDump,
  startTestIssuer,
  type TestDialect,
  type TestIssuer,
  type TestMember,
  type TestPlatform,
} from '@tenon/core/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { appRouter } from '../../app-router.ts';
import type { Operation } from '../../operation.ts';
import { operationsOf } from '../../operations.ts';
import { serverOptions, tenonApi } from '../../plugin.ts';
import type { InputOf, OperationName, OutputOf } from './operation-types.ts';
import { callOver, type CallOptions, type Fields, type Reply, type Surface } from './wire.ts';

export const operations = operationsOf(appRouter);

/** @throws when there is no such operation */
function operationOf(name: string): Operation {
  const operation = operations.get(name);
  if (!operation) throw new Error(`There is no operation ${name}.`);
  return operation;
}

/** A signed-in user with one built-in role in one organization. */
export interface Person {
  readonly role: BuiltInRoleKey;
  readonly userId: string;
  readonly email: string;
  /** The access token of their current session. Somebody who signs out everywhere is signed in again at once. */
  readonly token: string;
  readonly organization: SceneOrganization;
  can(permission: Permission): boolean;
  /** Calls an operation in their organization. @throws unless it succeeds */
  do<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
}

export interface SceneOrganization {
  readonly id: string;
  readonly slug: string;
  readonly roleIds: Readonly<Record<BuiltInRoleKey, string>>;
  readonly people: Readonly<Record<BuiltInRoleKey, Person>>;
  addMember(...roles: BuiltInRoleKey[]): Promise<TestMember>;
  /** Makes it active again, takes it out of the trash, and gives it back to its owner. */
  settle(): Promise<void>;
}

/** A platform with its API, and two organizations with a person in every built-in role. */
export interface Scene {
  readonly dialect: TestDialect;
  readonly platform: TestPlatform;
  readonly app: FastifyInstance;
  /** An OpenID Connect issuer at which people can sign in. */
  readonly issuer: TestIssuer;
  readonly acme: SceneOrganization;
  readonly other: SceneOrganization;
  /** Calls an operation anonymously, unless the options have a token. */
  call(surface: Surface, name: string, input: Fields, options?: CallOptions): Promise<Reply>;
  /** Calls an operation as somebody, in their organization. Public operations are called anonymously. */
  callAs(
    person: Person,
    surface: Surface,
    name: string,
    input: Fields,
    headers?: CallOptions['headers'],
  ): Promise<Reply>;
  /** The token for a person's call. For operations of the instance it is that of an administrator of the instance. */
  tokenOf(person: Person, operation: Operation): string;
  /** Creates another organization with a person in every built-in role. */
  inhabit(name: string): Promise<SceneOrganization>;
  /** Creates another organization with its owner. */
  foundOrganization(name: string): Promise<Pick<SceneOrganization, 'id' | 'slug' | 'roleIds'> & { owner: Person }>;
  /**
   * Undoes what the last call did to the organizations as a whole.
   * @param upset whether the next call changes an organization as a whole
   */
  settle(upset: boolean): Promise<void>;
  /** @param only the tables to read. @default all */
  dump(only?: readonly string[]): Promise<Dump>;
  fingerprints(): Promise<Fingerprints>;
  /** Writes what the process has gathered about calls: which notifications were fetched, and when keys were used. A timer would do it later. */
  writeGathered(): Promise<void>;
  dispose(): Promise<void>;
}

/** The issuer that all scenes of a test file share. */
let started: Promise<TestIssuer> | undefined;

export async function openScene(
  dialect: TestDialect,
  { settings: own, ...options }: Parameters<typeof createTestPlatform>[1] = {},
): Promise<Scene> {
  const issuer = await (started ??= startTestIssuer());
  const settings = { oidcIssuers: [issuer.settings], organizationIssuersInPrivateNetworks: true, ...own };
  const platform = await createTestPlatform(dialect, { ...options, settings });
  const app = Fastify(serverOptions);
  await app.register(tenonApi, { platform, checkOutputs: true });
  const dump = await openDump(platform.settings.databaseUrl);

  /** The cookies of a browser that all people share. Redirects are called by this browser. */
  const cookies = new Map<string, string>();

  const call: Scene['call'] = async (surface, name, input, { headers = {}, ...options } = {}) => {
    const operation = operationOf(name);
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const sent = operation.kind === 'redirect' ? { cookie, ...headers } : headers;
    const reply = await callOver(app, surface, name, operation, input, { ...options, headers: sent });
    for (const text of [reply.headers['set-cookie'] ?? []].flat().map(String)) {
      const [, kept = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      if (value === '') cookies.delete(kept);
      else cookies.set(kept, value);
    }
    return reply;
  };

  /** The token of an administrator of the instance, by organization id. Each organization has its own, so that callers differ. */
  const administrators = new Map<string, string>();

  const tokenOf: Scene['tokenOf'] = (person, { access }) =>
    access === 'instance' ? (administrators.get(person.organization.id) ?? '') : person.token;

  const callAs: Scene['callAs'] = async (person, surface, name, input, headers = {}) => {
    const operation = operationOf(name);
    if (operation.access === 'public') return call(surface, name, input, { headers });
    // Calls may change the session's active organization, so the header names it.
    const named = operation.parameters.has('organizationId') ? {} : { 'x-organization-id': person.organization.id };
    const token = tokenOf(person, operation);
    const reply = await call(surface, name, input, { token, headers: { ...named, ...headers } });
    if (name.startsWith('auth.')) await returning.get(person)?.();
    return reply;
  };

  /** Signs a person in again when their session has ended. */
  const returning = new WeakMap<Person, () => Promise<void>>();

  const arrive = async (organization: SceneOrganization, role: BuiltInRoleKey, member: TestMember): Promise<Person> => {
    let token = await accessTokenOf(platform, member);
    const person: Person = {
      role,
      userId: member.userId,
      email: member.email,
      get token() {
        return token;
      },
      organization,
      can: (permission) => (builtInRoles[role].permissions as readonly Permission[]).includes(permission),
      async do<Name extends OperationName>(name: Name, input: InputOf<Name>) {
        const { data, problem } = await callAs(person, 'rest', name, input);
        if (problem) throw new Error(`${role} could not ${name}: ${JSON.stringify(problem)}`);
        return data as OutputOf<Name>;
      },
    };
    returning.set(person, async () => {
      const alive = await platform.authenticate(token).catch(() => null);
      if (!alive) token = await accessTokenOf(platform, member);
    });
    return person;
  };

  /** Creates an organization with its owner and an administrator of the instance. */
  const found = async (name: string) => {
    const created = await createOrganization(platform, name);
    const people: Partial<Record<BuiltInRoleKey, Person>> = {};
    const organization: SceneOrganization = {
      id: created.id,
      slug: created.slug,
      roleIds: created.roleIds,
      // Filled below, before it is used.
      people: people as SceneOrganization['people'],
      addMember: (...roles) => created.addMember(...roles),
      settle: () => created.settle(),
    };
    const owner = await arrive(organization, 'owner', created.owner);
    people.owner = owner;
    const administrator = await organization.addMember();
    await makeInstanceAdmin(platform, administrator.userId);
    administrators.set(created.id, await accessTokenOf(platform, administrator));
    return { organization, people, owner };
  };

  const inhabit = async (name: string): Promise<SceneOrganization> => {
    const { organization, people } = await found(name);
    for (const role of builtInRoleKeys)
      people[role] ??= await arrive(organization, role, await organization.addMember(role));
    return organization;
  };

  async function writeGathered(): Promise<void> {
    const ctx = platform.context({ principal: null });
    await Promise.all([writeFetched(ctx), writeApiKeyUses(ctx)]);
  }

  const [acme, other] = [await inhabit('Acme'), await inhabit('Other')];
  let upset = false;

  return {
    dialect,
    platform,
    app,
    issuer,
    acme,
    other,
    call,
    callAs,
    tokenOf,
    inhabit,
    async foundOrganization(name) {
      const { organization, owner } = await found(name);
      return { ...organization, owner };
    },
    async settle(upsets) {
      if (upset) for (const organization of [acme, other]) await organization.settle();
      upset = upsets;
    },
    dump: (only) => dump.read(only),
    async fingerprints() {
      // The timer must not write between two fingerprints.
      await writeGathered();
      return dump.fingerprints();
    },
    writeGathered,
    async dispose() {
      await app.close();
      await dump.close();
      await platform.dispose();
    },
  };
}
