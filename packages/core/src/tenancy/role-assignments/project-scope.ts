import type { AnyEntity } from '../../database/schema.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { defineSocket } from '../../kernel/hooks.ts';
import type { ClosedPlace, Principal } from '../../kernel/principal.ts';

/** What a role in a project, and an explanation, need to know of projects. They are in a later context, which fills this in. */
interface ProjectScope {
  readonly entity: AnyEntity;
  /**
   * Locks a project that the caller sees until commit.
   * @param field the field of the input that names it
   * @throws `project_not_found`
   */
  refer(unit: Unit, id: string, field: readonly string[]): Promise<unknown>;
  /**
   * Reads what a decision about somebody needs to know of a project that may be closed. Null if it is open.
   * @param userId whom the decision is about. The answer has no members beside them and the caller
   * @param field the field of the input that names the project
   * @throws `project_not_found` also when the project is closed to the caller
   */
  closedPlace(
    ctx: ServiceContext,
    caller: Principal,
    about: { id: string; userId: string; field: readonly string[] },
  ): Promise<ClosedPlace | null>;
}

export const projectScope = defineSocket<ProjectScope>();
