import { globSync } from 'node:fs';
import { tables } from '../../packages/core/src/platform.ts';
import { type Mutation, mutation, type Patch, read } from './mutation.ts';
import { database, policyTests, wallTests } from './sources.ts';

/** What keeps a query to the rows of its scope. */
export const readDoor: Patch = {
  file: `${database}/walls.ts`,
  find: '[this.#fill(definition.wall, at)]',
  replace: '[]',
  around: ['(OFF ? [] : ', ')'],
};

export const walls: readonly Mutation[] = [
  mutation('read door: predicate', readDoor.file, readDoor.find, readDoor.replace, wallTests),
  mutation(
    'read door: selects',
    `${database}/walls.ts`,
    'const result = where ? { ...inner, where } : inner;',
    'const result = inner;',
    wallTests,
  ),
  mutation('read door: joins', `${database}/walls.ts`, 'if (!first) return inner;', 'return inner;', wallTests),
  mutation(
    'read door: updates',
    `${database}/walls.ts`,
    'const where = this.#where(inner.where, inner.table ? [inner.table] : []);',
    'const where = inner.where;',
    wallTests,
  ),
  mutation(
    'read door: deletes',
    `${database}/walls.ts`,
    'const where = this.#where(inner.where, inner.from.froms);',
    'const where = inner.where;',
    wallTests,
  ),
  mutation(
    'read door: undeclared tables',
    `${database}/walls.ts`,
    'if (!definition) throw',
    'if (!definition) return []; if (false) throw',
    wallTests,
  ),
  mutation('read door: visibility', `${database}/walls.ts`, 'if (visible) predicates.push(visible);', '', wallTests),
  mutation(
    'read door: visibility of nothing',
    `${database}/walls.ts`,
    "if (visibility === 'none') return nothing;",
    "if (visibility === 'none') return null;",
    wallTests,
  ),
  mutation(
    'identity door: its tables',
    `${database}/walls.ts`,
    'if (!definition.identityDoor) throw',
    'if (false) throw',
    wallTests,
  ),
  mutation(
    'referrers: only of the organization',
    `${database}/referrers.ts`,
    'organization_id = ${current.organization} and ',
    '',
    [`${database}/referrers.test.ts`],
  ),
  mutation('entity filter', `${database}/orm.ts`, 'return { [owning.property]: id };', 'return {};', wallTests),
  mutation(
    'entity filter: without a scope',
    `${database}/orm.ts`,
    'if (id === undefined) throw',
    'if (id === undefined) return {}; if (false) throw',
    wallTests,
  ),
  mutation(
    'flush guard: entities',
    `${database}/orm.ts`,
    'for (const change of uow.getChangeSets()) {',
    'for (const change of []) {',
    wallTests,
  ),
  mutation(
    'flush guard: changed rows',
    `${database}/updates.ts`,
    "['organization_id', 'id', 'version'].map((name) => `\"${name}\" = ${slot()}`)",
    "['organization_id', 'id', 'version'].map((name) => (name === 'organization_id' ? `${slot()} is not null` : `\"${name}\" = ${slot()}`))",
    wallTests,
  ),
  mutation(
    'flush guard: rows given away',
    `${database}/unit-of-work.ts`,
    "if ('organizationId' in changes) throw",
    'if (false) throw',
    wallTests,
  ),
  mutation(
    'flush guard: added rows',
    `${database}/unit-of-work.ts`,
    'this.#refuseForeign(metadata.tableName, rows);',
    '',
    wallTests,
  ),
  mutation(
    'roles: insert-only tables',
    `${database}/policies.ts`,
    "table.insertOnly ? 'select, insert'",
    "false ? ''",
    policyTests,
  ),
  mutation(
    'roles: tables behind the identity door',
    `${database}/policies.ts`,
    '...(table.identityDoor ? [`grant',
    '...(true ? [`grant',
    policyTests,
  ),
  mutation(
    'server: refuses a powerful role',
    `${database}/postgresql-engine.ts`,
    'if (!found || found.superuser || found.bypass || found.owner)',
    'if (!found)',
    policyTests,
  ),
];

/** Row-level security, a table at a time: the policy of requests lets everything through. */
export function policies(root: string): Mutation[] {
  const migrations = globSync(`${database}/migrations/postgresql/*.ts`, { cwd: root }).sort();
  return tables
    .filter((table) => table.wall !== '')
    .map(({ name }) => {
      const policy = new RegExp(
        String.raw`(?:create|alter) policy "?${name}_request"? on "?${name}"?(?: to "?tenon_request"?)?( using .+?)(?=;?['"\`]\)?[,;]*$)`,
        'm',
      );
      const patches = migrations.flatMap((file): Patch[] => {
        const found = policy.exec(read(root, file));
        const [statement = '', condition = ''] = found ?? [];
        const open = statement.replace(condition, () => ' using (true) with check (true)');
        return found ? [{ file, find: statement, replace: open }] : [];
      });
      return {
        name: `row-level security: ${name}`,
        patches,
        masks: [],
        tests: policyTests,
        named: new RegExp(`^row-level security .* of ${name}\\b`),
      };
    });
}
