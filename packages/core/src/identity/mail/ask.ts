import type { ServiceContext } from '../../database/context.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { enqueue } from '../../jobs/index.ts';
import { accountBudget, addressBudgets, spend, tooMany } from '../throttle.ts';
import { keyOf } from '../user.service.ts';
import { mailJob } from './mail.job.ts';

/**
 * Has a mail sent that anybody may ask for. The answer, the time and the work are the same for every address: whether there is
 * anything to send is found out by the job. So many an hour go to one address, known or not, and so many come from one place.
 * @throws `rate_limited`
 */
export async function askForMail(ctx: ServiceContext, template: string, email: string): Promise<void> {
  const budgets = [...addressBudgets(ctx, 'mail'), accountBudget(ctx, 'mail-to', keyOf(email))];
  const wait = await writeThroughIdentityDoor(ctx, async (unit) => {
    const seconds = await spend(unit, budgets);
    if (seconds === 0) await enqueue(unit, mailJob, { template, email });
    return seconds;
  });
  if (wait > 0) throw tooMany(wait);
}
