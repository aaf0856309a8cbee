import type { Unit } from '../../database/unit-of-work.ts';
import { defineHooks } from '../../kernel/hooks.ts';

/**
 * Runs before a membership ends, with the user's id, in the unit that ends it. The organization row is locked. Hooks remove
 * whatever the user has only as a member: it must not come back when they join again.
 */
export const membershipEnding = defineHooks<[unit: Unit, userId: string]>();
