import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { UserEntity } from '../../identity/index.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { endMembership } from '../members/member.service.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { forgetPrincipal } from '../principal.cache.ts';
import { assignRoles, keysOf, loadMember } from '../role-assignments/held-roles.ts';
import { refuseOwning } from '../role-assignments/owner.rules.ts';
import { readRolesOf } from '../roles/role.hierarchy.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { ServiceAccountEntity } from './service-account.entity.ts';
import { serviceAccountErrors } from './service-account.errors.ts';
import { serviceAccountById } from './service-account.queries.ts';
import type {
  ServiceAccount,
  ServiceAccountCreate,
  ServiceAccountId,
  ServiceAccountUpdate,
} from './service-account.schema.ts';

/*
 * The users of service accounts are written behind the identity door, because no request may write somebody else's user. The
 * identity door has no walls, so every statement here names the organization.
 */

/** Nobody can send mail to this address: its top-level domain is reserved (RFC 2606). */
const addressOf = (id: string): string => `${id}@service.invalid`;

/**
 * Creates a service account: a user that is not a person. It signs in only by the API keys that are made for it.
 * @throws `permission_denied`, `role_not_found`, `role_exceeds_own`, `validation_failed` for the owner's role
 */
export async function createServiceAccount(ctx: ServiceContext, input: ServiceAccountCreate): Promise<ServiceAccount> {
  authorize(ctx, 'service_account:create');
  const { principal } = ctx;
  const { organizationId } = principal;
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    const hierarchy = await readRolesOf(unit.db, organizationId);
    const roles = input.roleIds.map((roleId, index) => {
      const role = hierarchy.get(roleId);
      if (!role) throw tenancyErrors.role_not_found({ field: ['roleIds', index] });
      return role;
    });
    refuseOwning(keysOf(roles), ['roleIds']);
    refuseBeyondOwn(principal, roles);
    const { now } = unit;
    const id = uuidv7();
    const email = addressOf(id);
    const member = { organizationId, userId: id };
    await unit.insert(UserEntity, {
      id,
      kind: 'service',
      email,
      emailKey: email,
      fullName: input.name,
      locale: 'en',
      timezone: 'UTC',
      isActive: true,
      createdAt: now,
      updatedAt: now,
    });
    const joined = { status: 'active' as const, version: 1, joinedAt: now, createdAt: now, updatedAt: now };
    await unit.insert(MembershipEntity, { ...member, ...joined });
    await unit.insert(ServiceAccountEntity, { ...member, createdAt: now, createdById: principal.userId });
    await assignRoles(unit, member, input.roleIds, principal.userId);
    await recordEvents(unit, {
      type: 'service_account.created',
      entity: { type: 'service_account', id },
      data: { name: input.name, roles: keysOf(roles), version: 1 },
      organizationId,
      actorId: principal.userId,
    });
    return serviceAccountById(ctx, unit.db, organizationId, id);
  });
}

/**
 * Renames a service account, stops its keys, or lets them work again. To stop or start its keys, the caller's own roles must
 * allow all that it may do.
 * @throws `permission_denied`, `service_account_not_found`, `version_conflict`, `role_exceeds_own`
 */
export async function updateServiceAccount(
  ctx: ServiceContext,
  { id, name, isActive }: ServiceAccountUpdate,
): Promise<ServiceAccount> {
  authorize(ctx, 'service_account:update');
  const { principal } = ctx;
  const { organizationId } = principal;
  const missing = serviceAccountErrors.service_account_not_found;
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    await serviceAccountById(ctx, unit.db, organizationId, id);
    const membership = await unit.load(MembershipEntity, { organizationId, userId: id }, missing);
    const before = await serviceAccountById(ctx, unit.db, organizationId, id);
    unit.checkVersion(membership);
    const after = { name: name ?? before.name, isActive: isActive ?? before.isActive };
    const changes = diff({ name: before.name, isActive: before.isActive }, after);
    if (isEmpty(changes)) return before;
    if (after.isActive !== before.isActive) {
      const held = await unit.db
        .selectFrom('role_assignments')
        .select('role_assignments.role_id as roleId')
        .where('user_id', '=', id)
        .execute();
      const hierarchy = await readRolesOf(unit.db, organizationId);
      refuseBeyondOwn(
        principal,
        held.flatMap(({ roleId }) => hierarchy.get(roleId) ?? []),
      );
      membership.status = after.isActive ? 'active' : 'suspended';
    }
    // The instant always moves, so that a new name alone makes a new version too.
    membership.updatedAt = new Date(Math.max(unit.now.getTime(), membership.updatedAt.getTime() + 1));
    const user = await unit.load(UserEntity, { id }, missing);
    Object.assign(user, { fullName: after.name, updatedAt: unit.now });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'service_account.updated',
      entity: { type: 'service_account', id },
      changes,
      data: { version: membership.version },
      organizationId,
      actorId: principal.userId,
    });
    forgetPrincipal(unit, id);
    return serviceAccountById(ctx, unit.db, organizationId, id);
  });
}

/**
 * Permanently ends a service account, with its roles and API keys. What it did still names it.
 * @throws `permission_denied`, `service_account_not_found`, `version_conflict`, `role_exceeds_own`
 */
export async function deleteServiceAccount(ctx: ServiceContext, { id }: ServiceAccountId): Promise<void> {
  authorize(ctx, 'service_account:delete');
  const { principal } = ctx;
  const { organizationId } = principal;
  await mutate(ctx, async (unit) => {
    const { name } = await serviceAccountById(ctx, unit.db, organizationId, id);
    const member = await loadMember(unit, organizationId, id, serviceAccountErrors.service_account_not_found);
    unit.checkVersion(member.membership);
    refuseBeyondOwn(principal, member.held);
    await endMembership(unit, member, 'member.removed');
    await recordEvents(unit, {
      type: 'service_account.deleted',
      entity: { type: 'service_account', id },
      data: { name },
    });
    return null;
  });
}
