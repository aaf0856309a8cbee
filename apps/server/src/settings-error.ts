/** One variable with an invalid value. */
export interface SettingProblem {
  variable: string;
  /** What is wrong, as the end of a sentence that begins with the variable. */
  problem: string;
  /** What would be valid. */
  expected: string;
}

export class SettingsError extends Error {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    const lines = problems.map(({ variable, problem, expected }) => `  ${variable} ${problem}. Set it to ${expected}.`);
    const count = problems.length === 1 ? 'One setting is' : `${problems.length} settings are`;
    super(`${count} wrong:\n${lines.join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}
