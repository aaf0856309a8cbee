import { givePassword } from '@tenon/core/testing';
import { aLinkAnswered } from '../contract/testing/oidc.ts';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';

async function anIdentity(caller: Person, scene: Scene) {
  await caller.do('auth.finishOidcLink', await aLinkAnswered(caller, scene));
  await givePassword(scene.platform, caller.userId);
  const { data } = await caller.do('oidcIdentities.list', { limit: 1, sort: '-createdAt' });
  const [newest] = data;
  if (!newest) throw new Error('It was linked a moment ago.');
  return newest;
}

export default samplesOf('oidcIdentities', {
  list: {
    input: async (caller, scene) => {
      await anIdentity(caller, scene);
      return { limit: 2, total: true };
    },
  },
  unlink: { input: async (caller, scene) => ({ id: (await anIdentity(caller, scene)).id }) },
});
