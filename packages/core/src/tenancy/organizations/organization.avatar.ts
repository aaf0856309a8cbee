import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { avatarLimits, type FileDownload, fileErrors, type IncomingFile, openDownload } from '../../files/index.ts';
import { type JobRun, sweepAvatars } from '../../jobs/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { mutateWithFile } from '../../records/index.ts';
import { organizationEvents } from './organization.events.ts';
import { organizations } from './organization.record.ts';
import type { Organization } from './organization.schema.ts';

/** The folder of the pictures of organizations in the file store. */
const folder = 'organization-avatars';

/**
 * Sets the picture of the organization of the context. The sweep deletes the one that it had.
 * @throws `permission_denied`, `version_conflict`, `payload_too_large`, `media_type_refused`
 */
export async function setOrganizationAvatar(
  ctx: ServiceContext,
  _path: object,
  file: IncomingFile,
): Promise<Organization> {
  authorize(ctx, 'organization:update');
  const { organizationId } = ctx.principal;
  const key = `${folder}/${organizationId}/${uuidv7()}`;
  return mutateWithFile(ctx, file, { key, ...avatarLimits }, async (unit, received) => {
    const avatarUrl = `${ctx.settings.publicUrl}/api/v1/organizations/${organizationId}/avatar`;
    const organization = await organizations.lock(unit, organizationId);
    const changed = { avatar: { ...received, key }, avatarUrl };
    const event = { event: organizationEvents.avatar_changed };
    const { after } = await organizations.change(unit, organization, changed, event);
    return organizations.answer(unit.db, after);
  });
}

/** Removes the picture of the organization of the context. @throws `permission_denied`, `version_conflict` */
export async function removeOrganizationAvatar(ctx: ServiceContext): Promise<void> {
  authorize(ctx, 'organization:update');
  const { organizationId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const organization = await organizations.lock(unit, organizationId);
    const event = { event: organizationEvents.avatar_removed };
    await organizations.change(unit, organization, { avatar: null, avatarUrl: null }, event);
  });
}

/** Opens the picture of the organization of the context. @throws `permission_denied`, `avatar_not_found` */
export async function getOrganizationAvatar(ctx: ServiceContext): Promise<FileDownload> {
  authorize(ctx, 'organization:read');
  const { organizationId } = ctx.principal;
  const organization = await read(ctx, (db) =>
    db.selectFrom('organizations').select('avatar').where('id', '=', organizationId).executeTakeFirst(),
  );
  if (!organization?.avatar) throw fileErrors.avatar_not_found();
  return openDownload(ctx.files, organization.avatar.key, organization.avatar);
}

/** Deletes the pictures that were replaced or removed a day ago, and those of organizations that are gone. */
export const sweepOrganizationAvatars = (ctx: ServiceContext, job: JobRun): Promise<number> =>
  sweepAvatars(ctx, job, folder, (db, ids) =>
    db.selectFrom('organizations').select('avatar').where('id', 'in', ids).execute(),
  );
