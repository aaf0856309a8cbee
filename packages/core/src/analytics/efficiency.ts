/** Divides and rounds half up, exactly. Takes and returns integers from 0. */
export const roundedQuotient = (dividend: bigint, divisor: bigint): number =>
  Number((2n * dividend + divisor) / (2n * divisor));

/**
 * The efficiency score (E2), from 0 to 100 with one decimal, rounded half up. 60 percent are the share of completed tasks. 40 percent are
 * the estimated hours divided by those spent, at most 1. Without measured hours the share of completed tasks counts whole, and without
 * tasks the score is 0. All arguments are integers: floating-point numbers would round some halves down.
 */
export function efficiencyScore(tasks: { completed: number; total: number; estimated: number; spent: number }): number {
  const [completed, total] = [BigInt(tasks.completed), BigInt(tasks.total)];
  if (total === 0n) return 0;
  const spent = BigInt(tasks.spent);
  if (spent === 0n) return roundedQuotient(1000n * completed, total) / 10;
  const inTime = BigInt(Math.min(tasks.estimated, tasks.spent));
  return roundedQuotient(600n * completed * spent + 400n * inTime * total, total * spent) / 10;
}
