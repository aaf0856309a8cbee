import type { ServiceContext } from '../database/context.ts';
import { makeAccountToken } from '../identity/index.ts';

const yearMs = 365 * 86_400_000;

/** The subject of a token that ends mails. The token works more than once, because mail programs may send it again. */
export const unsubscribeSubject = (userId: string) => ({ id: userId, boundTo: [] });

/** The headers with which a mail program unsubscribes its user with one click (RFC 2369, RFC 8058). */
export function unsubscribeHeaders({ settings, clock }: ServiceContext, userId: string): Record<string, string> {
  const expires = new Date(clock.now().getTime() + yearMs);
  const token = makeAccountToken(settings, 'unsubscribe', unsubscribeSubject(userId), expires);
  return {
    'List-Unsubscribe': `<${settings.publicUrl}/api/v1/notifications/unsubscribe?token=${encodeURIComponent(token)}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}
