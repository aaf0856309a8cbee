import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { UserEntity } from '../../identity/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { ById } from '../../kernel/schemas.ts';
import { endMembership } from '../members/member.service.ts';
import { assignRoles, keysOf, loadMember } from '../role-assignments/held-roles.ts';
import { refuseOwning } from '../role-assignments/owner.rules.ts';
import { readRoles, roleIn } from '../roles/role.hierarchy.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { ServiceAccountEntity } from './service-account.entity.ts';
import { serviceAccountErrors, serviceAccounts } from './service-account.record.ts';
import { serviceAccountEvents } from './service-account.events.ts';
import { serviceAccountById } from './service-account.queries.ts';
import type { ServiceAccount, ServiceAccountCreate, ServiceAccountUpdate } from './service-account.schema.ts';

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
    const hierarchy = await readRoles(unit.db, organizationId);
    const roles = input.roleIds.map((roleId, index) => roleIn(hierarchy, roleId, 'roleIds', index));
    refuseOwning(keysOf(roles), ['roleIds']);
    refuseBeyondOwn(principal, roles);
    const { name } = input;
    const id = uuidv7();
    const email = addressOf(id);
    await unit.insert(UserEntity, {
      id,
      kind: 'service',
      email,
      emailKey: email,
      fullName: name,
      locale: 'en',
      timezone: 'UTC',
      isActive: true,
      createdAt: unit.now,
      updatedAt: unit.now,
    });
    const member = { organizationId, userId: id };
    const told = { data: { name, roles: keysOf(roles) }, tracked: { name, isActive: true } };
    await serviceAccounts.add(unit, { userId: id, status: 'active', joinedAt: unit.now }, told);
    await unit.insert(ServiceAccountEntity, { ...member, createdAt: unit.now, createdById: principal.userId });
    await assignRoles(unit, member, input.roleIds, principal.userId);
    return serviceAccountById(ctx, unit.db, organizationId, id);
  });
}

/** Locks a service account, as `loadMember` locks a member. @throws `service_account_not_found`, `version_conflict` */
async function lockAccount(unit: Unit, id: string) {
  const member = await loadMember(unit, id, serviceAccountErrors.service_account_not_found);
  // Throws for the membership of a person, before its version is checked.
  const account = await serviceAccountById(unit.ctx, unit.db, unit.owner.organizationId, id);
  unit.checkVersion(member.membership);
  return { ...member, account };
}

/**
 * Renames a service account, stops its keys, or lets them work again. To stop or start its keys, the caller's own roles must
 * allow all that it may do.
 * @throws `permission_denied`, `service_account_not_found`, `version_conflict`, `role_exceeds_own`
 */
export async function updateServiceAccount(
  ctx: ServiceContext,
  { id, ...fields }: ServiceAccountUpdate,
): Promise<ServiceAccount> {
  authorize(ctx, 'service_account:update');
  const { principal } = ctx;
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    const { membership, held, account } = await lockAccount(unit, id);
    const { name, isActive } = account;
    const after = { name: fields.name ?? name, isActive: fields.isActive ?? isActive };
    if (after.isActive !== isActive) refuseBeyondOwn(principal, held);
    const status = after.isActive ? 'active' : 'suspended';
    const before = { ...membership, name, isActive };
    const told = { data: { name: after.name } };
    const { changes } = await serviceAccounts.change(unit, before, { ...after, status }, told);
    if (changes['name']) await unit.update(UserEntity, { id }, { fullName: after.name, updatedAt: unit.now });
    return serviceAccountById(ctx, unit.db, principal.organizationId, id);
  });
}

/**
 * Permanently ends a service account, with its roles and API keys. What it did still names it.
 * @throws `permission_denied`, `service_account_not_found`, `version_conflict`, `role_exceeds_own`
 */
export async function deleteServiceAccount(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'service_account:delete');
  await mutate(ctx, async (unit) => {
    const { account, ...member } = await lockAccount(unit, id);
    refuseBeyondOwn(ctx.principal, member.held);
    await endMembership(unit, member);
    const { name, version } = account;
    await recordEvents(unit, serviceAccountEvents.deleted.about(id, { data: { name, version } }));
  });
}
