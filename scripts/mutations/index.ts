import { access } from './access.ts';
import { api } from './api.ts';
import { conditionsIn, narrowingsIn } from './conditions.ts';
import { identityRules } from './identity.ts';
import type { Mutation } from './mutation.ts';
import { decisionsIn, refusalsIn } from './refusals.ts';
import { sources } from './sources.ts';
import { apiKeys, tenancy } from './tenancy.ts';
import { predicates } from './visibility.ts';
import { policies, walls } from './walls.ts';

/*
 * Every wall and every check that somebody may see or do something, each with a text that switches it off. Checks that stand in
 * the services, and tables with a wall, are found in the sources, so that a new one is here by itself.
 */

/** Everything that can be switched off, one at a time. */
export function mutationsOf(root: string): Mutation[] {
  const services = sources(root).filter((file) => !/\/(access|database|kernel)\//.test(file));
  const found = [
    ...walls,
    ...policies(root),
    ...predicates(root),
    ...api,
    ...access,
    ...identityRules,
    ...tenancy,
    ...apiKeys,
    ...services.flatMap((file) => [
      ...refusalsIn(root, file),
      ...decisionsIn(root, file),
      ...conditionsIn(root, file),
      ...narrowingsIn(root, file),
    ]),
  ];
  const names = new Map<string, number>();
  // The same check twice in one function is told apart by its number.
  return found.map((mutation) => {
    const count = (names.get(mutation.name) ?? 0) + 1;
    names.set(mutation.name, count);
    return count === 1 ? mutation : { ...mutation, name: `${mutation.name} #${count}` };
  });
}
