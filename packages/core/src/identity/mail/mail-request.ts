import type { ServiceContext } from '../../database/context.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { MailSent } from '../auth.schema.ts';
import { accountBudget, addressBudgets, attempt } from '../throttle.ts';
import { keyOf } from '../user.service.ts';

/**
 * Has a mail sent that anybody may ask for. The answer, the time and the work are the same for every address: whether there is
 * anything to send is found out by the job. So many an hour go to one address, known or not, and so many come from one place.
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
