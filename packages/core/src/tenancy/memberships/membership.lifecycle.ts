import type { Unit } from '../../database/unit-of-work.ts';
import type { DomainError } from '../../kernel/errors.ts';
import { defineHooks } from '../../kernel/hooks.ts';
import { members } from './membership.record.ts';
import { requireSeatToTake } from './seats.ts';

/**
 * Begins a membership, or begins it again after it ended, where there is a seat. A current one stays as it is. The caller must
 * have locked the organization row, and records the event.
 * @param suspended makes the error that is thrown for a suspended member
 * @throws `limit_exceeded`
 */
export async function beginMembership(
  unit: Unit,
  member: { organizationId: string; userId: string },
  suspended: () => DomainError,
): Promise<void> {
  const [known] = await members.lockMany(unit, member);
  if (known?.status === 'suspended') throw suspended();
  if (known?.status === 'active') return;
  await requireSeatToTake(unit, member.organizationId);
  const begun = { status: 'active' as const, joinedAt: unit.now.toISOString() };
  if (known) await members.change(unit, known, { ...begun, title: null, endedAt: null }, { event: null });
  else await members.add(unit, { ...member, ...begun });
}

/**
 * Runs before a membership ends, with the user's id, in the unit that ends it. The organization row is locked. Hooks remove
 * whatever the user has only as a member: it must not come back when they join again.
 */
export const membershipEnding = defineHooks<[unit: Unit, userId: string]>();
