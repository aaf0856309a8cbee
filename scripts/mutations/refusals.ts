import { apiInstance, apiPermission, apiSignIn } from './api.ts';
import { type Mutation, type Patch, read } from './mutation.ts';
import { accessTests, callAt, core, functionAt, nameOf, testsAround, visibilityTests } from './sources.ts';
import { seeing } from './visibility.ts';

/** A call that refuses: switched off, its arguments are still computed. */
interface Refusal {
  call: string;
  masks: readonly Patch[];
  /** Beside those next to the file. */
  tests: readonly string[];
}

const refusals: readonly Refusal[] = [
  { call: 'authorize', masks: [apiPermission], tests: accessTests },
  { call: 'requirePermission', masks: [apiPermission], tests: accessTests },
  { call: 'requireSignedIn', masks: [apiSignIn], tests: accessTests },
  { call: 'requireInstanceAdmin', masks: [apiInstance, apiSignIn], tests: accessTests },
  { call: 'requireVerifiedAddress', masks: [], tests: [] },
  { call: 'refuseBeyondOwn', masks: [], tests: [] },
  { call: 'refuseChangeBeyondOwn', masks: [], tests: [] },
  { call: 'refuseNarrowOwner', masks: [], tests: [] },
  { call: 'refuseReachBeyondOwn', masks: [], tests: [`${core}/tenancy/role.reach.test.ts`] },
  { call: 'refuseOfferBeyondOwn', masks: [], tests: [] },
  { call: 'requireAnotherOwner', masks: [], tests: [] },
];

/** Of the generated tests those about what the call refuses, and all others. */
function aboutRefusal(call: string): RegExp {
  const [, permission] = /'(\w+:\w+)'/.exec(call) ?? [];
  const about = permission ? `naming ${permission}` : String.raw`refuses who is not signed in over \w+`;
  return new RegExp(`${about}$|^(?!on sqlite )`);
}

/** Every call of the services that refuses somebody something. */
export function refusalsIn(root: string, file: string): Mutation[] {
  const text = read(root, file);
  return refusals.flatMap(({ call, masks, tests }) => {
    const statements = new RegExp(String.raw`(?<=^\s+(?:(?:if|for) \(.*\) )?(?:await )?)${call}\(`, 'gm');
    const found = [...text.matchAll(statements)].map(({ index }) => {
      const patch: Patch = { file, find: callAt(text, index), replace: 'void 0', at: index };
      return { patch, within: functionAt(text, index), name: nameOf(file, text, index, patch.find) };
    });
    return found.map(({ patch, within, name }) => {
      // What a function asks first it often asks again, of the row.
      const siblings = found.filter((other) => other.within === within && other.patch !== patch);
      const row = /assigneeIds|subject/.test(patch.find);
      return {
        name,
        patches: [patch],
        masks: [...masks, ...siblings.map((other) => other.patch), ...(row ? seeing(root) : [])],
        tests: [...(row ? visibilityTests : tests), ...testsAround(root, file)],
        ...(row ? {} : { named: aboutRefusal(patch.find) }),
      };
    });
  });
}

/** Every decision that a service takes itself: each lets pass. */
export function decisionsIn(root: string, file: string): Mutation[] {
  const text = read(root, file);
  return [...text.matchAll(/\bdecide\(/g)].flatMap(({ index }) => {
    const find = callAt(text, index);
    if (!text.startsWith('.allowed', index + find.length)) return [];
    return {
      name: nameOf(file, text, index, find),
      patches: [{ file, find: `${find}.allowed`, replace: 'true', at: index }],
      masks: [],
      tests: [...visibilityTests, ...testsAround(root, file)],
    };
  });
}
