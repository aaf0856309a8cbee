/** `degraded` should be known, but is no reason to take the server out of service. */
type CheckStatus = 'ok' | 'degraded' | 'failing';

export interface CheckResult {
  status: CheckStatus;
  /** What is wrong, for an operator. */
  message?: string;
  /** Figures behind the status. */
  details?: Readonly<Record<string, number | string | readonly string[]>>;
}

/** Checks one thing that the server needs. When it throws, the result is `failing`. */
export type Check = () => Promise<CheckResult>;

export interface CheckReport extends CheckResult {
  latencyMs: number;
  /** ISO instant. */
  checkedAt: string;
}

export interface HealthReport {
  /** The status of the worst check. */
  status: CheckStatus;
  checks: Record<string, CheckReport>;
}

const refreshMs = 30_000;
const timeoutMs = 3000;
/** How old a result may be, in milliseconds. A failing check runs again sooner, so that a recovery shows soon. */
const staleMs: Readonly<Record<CheckStatus, number>> = { ok: 2000, degraded: 2000, failing: 1000 };
const severity: readonly CheckStatus[] = ['ok', 'degraded', 'failing'];

const within = async (check: Check): Promise<CheckResult> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(
      () => resolve({ status: 'failing', message: `No answer within ${timeoutMs / 1000} s.` }),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([check(), timeout]);
  } catch (error) {
    return {
      status: 'failing',
      message: error instanceof Error && error.name === 'DomainError' ? error.message : 'It failed.',
    };
  } finally {
    clearTimeout(timer);
  }
};

/** Runs the checks of this server: every 30 s, and when somebody asks and the last result is too old. */
export class HealthRegistry {
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #onFailure: (name: string, report: CheckReport) => void;
  readonly #reports = new Map<string, CheckReport>();
  readonly #running = new Map<string, Promise<CheckReport>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onFailure called when a check starts to fail */
  constructor(
    checks: Readonly<Record<string, Check>>,
    onFailure: (name: string, report: CheckReport) => void = () => {},
  ) {
    this.#checks = new Map(Object.entries(checks));
    this.#onFailure = onFailure;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#refreshAll(), refreshMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The results of all checks. */
  async report(): Promise<HealthReport> {
    const names = [...this.#checks.keys()];
    const reports = await Promise.all(names.map((name) => this.check(name)));
    const worst = Math.max(0, ...reports.map((report) => severity.indexOf(report.status)));
    return {
      status: severity[worst] ?? 'failing',
      checks: Object.fromEntries(names.flatMap((name, at) => (reports[at] ? [[name, reports[at]]] : []))),
    };
  }

  /** The result of one check, at most two seconds old. */
  async check(name: string): Promise<CheckReport> {
    const known = this.#reports.get(name);
    if (known && Date.now() - Date.parse(known.checkedAt) < staleMs[known.status]) return known;
    return this.#refresh(name);
  }

  #refresh(name: string): Promise<CheckReport> {
    const running = this.#running.get(name) ?? this.#run(name).finally(() => this.#running.delete(name));
    this.#running.set(name, running);
    return running;
  }

  async #run(name: string): Promise<CheckReport> {
    const check = this.#checks.get(name);
    if (!check) throw new Error(`There is no check ${name}.`);
    const started = performance.now();
    const result = await within(check);
    const latencyMs = Math.round((performance.now() - started) * 100) / 100;
    const report = { ...result, latencyMs, checkedAt: new Date().toISOString() };
    if (report.status === 'failing' && this.#reports.get(name)?.status !== 'failing') this.#onFailure(name, report);
    this.#reports.set(name, report);
    return report;
  }

  async #refreshAll(): Promise<void> {
    await Promise.all([...this.#checks.keys()].map((name) => this.#refresh(name)));
  }
}
