import type { ServiceContext } from '../../database/context.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { MailSent } from '../auth.schema.ts';
import { accountBudget, addressBudgets, attempt } from '../throttle.ts';
import { keyOf } from '../../kernel/text.ts';

/**
 * Asks for a mail that anybody may ask for. Answer, time and work are the same for every address: the job finds out whether there
 * is anything to send. The number of mails to one address and from one network is limited, whether an account exists or not.
 * @throws `rate_limited`
 */
export async function requestMail(
  ctx: ServiceContext,
  email: string,
  ask: (unit: Unit) => Promise<unknown>,
): Promise<MailSent> {
  await attempt(ctx, [...addressBudgets(ctx, 'mail'), accountBudget(ctx, 'mail-to', keyOf(email))], ask);
  return { status: 'sent' };
}
