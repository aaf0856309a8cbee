import type { AnyEntity } from '../../database/schema.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { defineSocket } from '../../kernel/hooks.ts';

/** What a role in a project needs of projects. They are in a later context, which fills this in. */
interface ProjectScope {
  readonly entity: AnyEntity;
  /**
   * Locks a project that the caller sees until commit.
   * @param field the field of the input that names it
   * @throws `project_not_found`
   */
  refer(unit: Unit, id: string, field: readonly string[]): Promise<unknown>;
}

export const projectScope = defineSocket<ProjectScope>();
