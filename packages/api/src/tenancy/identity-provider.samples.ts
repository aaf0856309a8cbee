import type { InputOf } from '../contract/testing/operation-types.ts';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';

/** The tests make more issuers than any tier has room for. */
async function makeRoom({ organization }: Person): Promise<void> {
  const { owner } = organization.people;
  const { data, total = 0 } = await owner.do('identityProviders.list', { sort: 'createdAt', limit: 50, total: true });
  if (total > 60) for (const { id } of data) await owner.do('identityProviders.delete', { id });
}

async function anIssuer(caller: Person): Promise<InputOf<'identityProviders.create'>> {
  await makeRoom(caller);
  const { roleIds } = caller.organization;
  return {
    label: 'Acme sign-in',
    issuer: 'https://id.example.com/realms/acme',
    clientId: 'tenon',
    clientSecret: 'a secret of the client',
    scopes: ['openid', 'email'],
    enabled: true,
    createMembers: true,
    defaultRoleId: roleIds.viewer,
    roleClaim: 'realm_access.roles',
    roleMappings: [{ value: 'managers', roleId: roleIds.manager }],
  };
}

/** An issuer that nobody asks for anything before somebody signs in there. */
export const aProvider = async (caller: Person) =>
  caller.organization.people.owner.do('identityProviders.create', await anIssuer(caller));

/** The issuer of the scene, as the organization's own. */
export async function aProviderToSignInAt(caller: Person, { issuer }: Scene) {
  const { clientId, clientSecret } = issuer.settings;
  const client = { issuer: issuer.settings.issuer, clientId, clientSecret, roleClaim: null, roleMappings: [] };
  const input = { ...(await anIssuer(caller)), ...client };
  const provider = await caller.organization.people.owner.do('identityProviders.create', input);
  issuer.allow(provider.redirectUri);
  return provider;
}

export default samplesOf('identityProviders', {
  list: {
    input: async (caller) => {
      await aProvider(caller);
      return { limit: 2, total: true };
    },
  },
  create: { input: anIssuer },
  get: { input: async (caller) => ({ id: (await aProvider(caller)).id }) },
  update: {
    input: async (caller) => {
      const { id } = await aProvider(caller);
      const { roleIds } = caller.organization;
      return {
        ...(await anIssuer(caller)),
        id,
        label: 'Single sign-on',
        issuer: 'https://id.example.com/realms/acme-two',
        clientSecret: 'another secret of the client',
        scopes: ['openid', 'email', 'profile'],
        defaultRoleId: roleIds.member,
        roleMappings: [{ value: 'leads', roleId: roleIds.manager }],
      };
    },
  },
  delete: { input: async (caller) => ({ id: (await aProvider(caller)).id }) },
});
