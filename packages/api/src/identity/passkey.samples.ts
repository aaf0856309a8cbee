import { enrolPasskey, removePasskeys } from '@tenon/core/testing';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';

const aPasskey = async ({ userId }: Person, { platform }: Scene) => {
  // There may be twenty at most, and several are asked for at once.
  await removePasskeys(platform, userId, 5);
  return { id: await enrolPasskey(platform, userId) };
};

export default samplesOf('passkeys', {
  list: {
    input: async (caller, scene) => {
      await aPasskey(caller, scene);
      return { limit: 2, total: true };
    },
  },
  get: { input: aPasskey },
  update: { input: async (caller, scene) => ({ ...(await aPasskey(caller, scene)), name: 'Blue key' }) },
  delete: { input: aPasskey },
});
