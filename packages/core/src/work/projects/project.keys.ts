import { statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { workErrors } from '../work.errors.ts';
import { ProjectKeyEntity } from './project.entity.ts';

const projectOfKey = statement((db, { key }: { key: string }) =>
  db.selectFrom('project_keys').select('project_keys.project_id as projectId').where('project_keys.key', '=', key),
);

/**
 * Throws when another project has a key or had it. The caller must have locked the organization row, so that nobody takes the key
 * meanwhile.
 * @returns whether the project has or had the key itself
 * @throws `project_key_taken`
 */
export async function requireFreeKey(unit: Unit, key: string, projectId: string): Promise<boolean> {
  const [known] = await unit.invisible.run(projectOfKey, { key });
  if (known && known.projectId !== projectId) throw workErrors.project_key_taken({ field: ['key'] });
  return known !== undefined;
}

/** Keeps a key for its project. It stays there when the project takes another one. */
export const keepKey = (unit: Unit, key: string, projectId: string): Promise<void> =>
  unit.insert(ProjectKeyEntity, { ...unit.owner, key, projectId });
