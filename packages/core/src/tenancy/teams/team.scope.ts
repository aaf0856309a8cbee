import { expressionBuilder } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import type { Tables } from '../../database/schema.ts';
import { anyOf } from '../../database/sql.ts';
import { isWithin } from '../departments/department.path.ts';

/**
 * The ids of the teams that belong to departments or to anything below them, for `team_id in (…)` in a query of a door, which
 * puts the walls into it. For each department it reads one range of the index on the path.
 * @param departmentIds values, or the slot of a statement
 */
export const teamsWithin = (dialect: Dialect, departmentIds: readonly string[]) =>
  expressionBuilder<Tables>()
    .selectFrom('departments as top')
    .innerJoin('departments as part', (join) => join.on(isWithin('part.path_sort', 'top.path_sort')))
    .innerJoin('teams as inside', 'inside.department_id', 'part.id')
    .select('inside.id')
    .where(anyOf(dialect, 'top.id', departmentIds));

/**
 * The same as a text with the placeholders of a table's declaration: for predicates of visibility, which know of the principal
 * what stands in the database.
 * @param departments SQL of a list or a sub-select of department ids, with the same placeholders
 */
export const teamsWithinSql = (departments: string): string =>
  `select inside.id from departments top
   join departments part on part.organization_id = top.organization_id
     and part.path_sort >= top.path_sort and part.path_sort < top.path_sort || '~'
   join teams inside on inside.organization_id = part.organization_id and inside.department_id = part.id
   where top.organization_id = {organization} and top.id in (${departments})`.replaceAll(/\s+/g, ' ');
