/** How many tests passed and failed. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

/** The parts of vitest's JSON report that are counted. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
}

/**
 * Counts one package's run. A test file that could not be loaded is one
 * failure. A run that says it failed has one at least, whatever its report
 * says: it crashed, had no tests, or broke outside of any test.
 */
export function totalsOf(report: TestReport | undefined, ok: boolean): Totals {
  const broken = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  const failed = (report?.numFailedTests ?? 0) + broken.length;
  const passed = report?.numPassedTests ?? 0;
  return { passed, failed: ok && report !== undefined ? failed : Math.max(failed, 1) };
}

/** Adds up the totals of several runs. */
export function sumOf(totals: readonly Totals[]): Totals {
  return {
    passed: totals.reduce((sum, { passed }) => sum + passed, 0),
    failed: totals.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** The last line of a run, which scripts read. */
export function formatTotals({ passed, failed }: Totals): string {
  return `${passed} passed, ${failed} failed`;
}
