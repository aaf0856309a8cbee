import type { Unit } from '../../database/unit-of-work.ts';
import type { DomainError } from '../../kernel/errors.ts';
import { MembershipEntity } from './membership.entity.ts';
import { requireSeatToTake } from './seats.ts';

/**
 * Begins a membership, or begins an ended one again, if there is a seat. An active membership goes on. The caller must have
 * locked the organization row.
 * @param suspended makes the error for a suspended membership
 * @throws `limit_exceeded`, and the error that `suspended` makes
 */
export async function beginMembership(
  unit: Unit,
  member: { organizationId: string; userId: string },
  suspended: () => DomainError,
): Promise<void> {
  const { now } = unit;
  const known = await unit.em.findOne(MembershipEntity, member);
  if (!known || known.status === 'ended') await requireSeatToTake(unit, member.organizationId);
  if (!known) {
    const instants = { joinedAt: now, createdAt: now, updatedAt: now };
    await unit.insert(MembershipEntity, { ...member, status: 'active', version: 1, ...instants });
    return;
  }
  if (known.status === 'suspended') throw suspended();
  if (known.status === 'ended') Object.assign(known, { status: 'active', title: null, joinedAt: now, endedAt: null });
  known.updatedAt = now;
  await unit.em.flush();
}
