import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import { mac } from '../../identity/index.ts';
import { fromBase64url } from '../../kernel/base64url.ts';
import type { Principal } from '../../kernel/principal.ts';
import { jobPrincipal } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import type { AttachmentLink } from './attachment.schema.ts';

/** Links end at a multiple of this, so that an attachment keeps its address for a while and browsers can keep what is there. */
const stepMs = 5 * 60_000;
/** So a link is valid for 10 to 15 minutes. */
const steps = 3;

/** For whom a link is: a user in an organization, with the API key that they used. Their ids, and when it ends. */
const Claim = z.tuple([z.string(), z.string(), z.string().nullable(), z.number()]);

const signature = (ctx: ServiceContext, attachmentId: string, claim: string): Buffer =>
  mac(ctx.settings, 'download', `${attachmentId}.${claim}`);

/**
 * Makes the address at which the caller can download an attachment without signing in. It contains who they are, and is checked again
 * when it is used.
 */
export function downloadUrlOf(ctx: ServiceContext, attachmentId: string): string {
  const { principal } = ctx;
  if (!principal || principal.organizationId === null)
    throw new Error('A link is made for somebody in an organization.');
  const ends = (Math.floor(ctx.clock.now().getTime() / stepMs) + steps) * stepMs;
  const claim: z.output<typeof Claim> = [principal.userId, principal.organizationId, principal.apiKeyId ?? null, ends];
  const text = Buffer.from(JSON.stringify(claim)).toString('base64url');
  const token = `${text}.${signature(ctx, attachmentId, text).toString('base64url')}`;
  return `${ctx.settings.publicUrl}/api/v1/attachments/${attachmentId}/download?token=${token}`;
}

/** What a token says, when this server has signed it for this attachment. */
function readClaim(ctx: ServiceContext, { id, token }: AttachmentLink): z.output<typeof Claim> | null {
  const [text = '', signed = '', ...rest] = token.split('.');
  const given = fromBase64url(signed);
  const expected = signature(ctx, id, text);
  if (rest.length > 0 || given?.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return Claim.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
}

/**
 * Loads for whom a link was made, with what they may do now.
 * @throws `download_link_refused` when it is not ours or has ended, `permission_denied` when they may no longer act
 */
export async function principalOfLink(ctx: ServiceContext, link: AttachmentLink): Promise<Principal> {
  const claim = readClaim(ctx, link);
  if (!claim) throw workErrors.download_link_refused();
  const [userId, organizationId, apiKeyId, ends] = claim;
  const now = ctx.clock.now();
  if (ends <= now.getTime()) throw workErrors.download_link_refused();
  return jobPrincipal(ctx, { organizationId, starter: { userId, apiKeyId, at: now } });
}
