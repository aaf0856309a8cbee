import { apiInstance, apiPermission, apiSignIn } from './api.ts';
import { type Mutation, type Patch, read } from './mutation.ts';
import { accessTests, callAt, core, functionAt, nameOf, testsAround, visibilityTests } from './sources.ts';
import { seeing } from './visibility.ts';

/** What stands in front of a check and hides that it is off; and the tests that look behind it. */
interface Behind {
  masks: readonly Patch[];
  /** Beside those of the area. */
  tests: readonly string[];
}

const alone: Behind = { masks: [], tests: [] };

const behind: Readonly<Record<string, Behind>> = {
  authorize: { masks: [apiPermission], tests: accessTests },
  authorizeDelete: { masks: [apiPermission], tests: accessTests },
  authorizeSubtasks: { masks: [apiPermission], tests: accessTests },
  requireTask: { masks: [], tests: visibilityTests },
  requirePermission: { masks: [apiPermission], tests: accessTests },
  requireSignedIn: { masks: [apiSignIn], tests: accessTests },
  requireInstanceAdmin: { masks: [apiInstance, apiSignIn], tests: accessTests },
  refuseReachBeyondOwn: { masks: [], tests: [`${core}/tenancy/roles/role.move-guard.test.ts`] },
};

/** A call for nothing but that it refuses; and the one by which a key that is revoked is so at once. */
const refusing =
  /(?<=^\s+(?:(?:if|for) \(.*\) |else )?(?:await )?)(?:(?:authorize|require|refuse|prove)\w*|forgetApiKeys)\(/gm;

/** Of the generated tests those about what the call refuses, and all others. */
function aboutRefusal(call: string): RegExp {
  const [, permission] = /'(\w+:\w+)'/.exec(call) ?? [];
  const about = permission ? `naming ${permission}` : String.raw`refuses who is not signed in over \w+`;
  return new RegExp(`${about}$|^(?!on sqlite )`);
}

/** Every call of the services that refuses somebody something: switched off, its arguments are still computed. */
export function refusalsIn(root: string, file: string): Mutation[] {
  const text = read(root, file);
  const found = [...text.matchAll(refusing)].map(({ index, 0: start }) => {
    const patch: Patch = {
      file,
      find: callAt(text, index),
      replace: 'void 0',
      at: index,
      around: ['(OFF ? void 0 : ', ')'],
    };
    const name = nameOf(file, text, index, patch.find);
    return { patch, called: start.slice(0, -1), within: functionAt(text, index), name };
  });
  return found.map(({ patch, called, within, name }) => {
    const { masks, tests } = behind[called] ?? alone;
    // What a function asks first it often asks again, of the row.
    const siblings = found.filter((one) => one.within === within && one.called === called && one.patch !== patch);
    const row = /assigneeIds|subject/.test(patch.find);
    return {
      name,
      patches: [patch],
      masks: [...masks, ...siblings.map((other) => other.patch), ...(row ? seeing(root) : [])],
      tests: [...(row ? visibilityTests : tests), ...testsAround(root, file, within)],
      ...(row ? {} : { named: aboutRefusal(patch.find) }),
    };
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
      patches: [{ file, find: `${find}.allowed`, replace: 'true', at: index, around: ['(OFF || ', ')'] }],
      masks: [],
      tests: [...visibilityTests, ...testsAround(root, file, functionAt(text, index))],
    };
  });
}
