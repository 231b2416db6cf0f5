import { transactionError } from "../errors.ts";
import type { Recoverable } from "./recoverable.ts";
import {
  type PartReport,
  type RecoveryEvent,
  type RecoveryReport,
  totalOf,
} from "./recovery-report.ts";

/** How a recovery runs. */
export interface RecoveryOptions {
  /** Receives what happens. What it throws is ignored. */
  readonly onEvent?: (event: RecoveryEvent) => void;
  /** Milliseconds that only ever grow. Default: `performance.now`. */
  readonly monotonicClock?: () => number;
}

/** Parts that one recovery can have. */
export const recoveryPartsMax = 100;

const optionKeys: readonly string[] = ["onEvent", "monotonicClock"];

/**
 * Brings every part of the store into order after its process ended, however
 * it ended: to be called once at start, before anything else uses the store.
 *
 * Parts run one after the other in the order given, so that one may rely on
 * those before it. A part that fails is reported and does not keep the others
 * from running. Safe to call again, and to be killed at any moment, because
 * every part is.
 *
 * @throws {AtlasError} transaction.invalid_option when two parts share a name,
 * there are more than `recoveryPartsMax`, or an option is not known. Nothing has run then.
 */
export async function recover(
  parts: readonly Recoverable[],
  options: RecoveryOptions = {},
): Promise<RecoveryReport> {
  checkOptions(options);
  const given = [...parts];
  checkParts(given);
  const clock = options.monotonicClock ?? performance.now.bind(performance);
  const tell = observer(options.onEvent);

  const startedAt = clock();
  tell({ type: "recovery.begin", parts: given.map(({ name }) => name) });
  const reports: PartReport[] = [];
  for (const part of given) {
    const report = await recoverPart(part, clock);
    reports.push(report);
    tell({ type: "recovery.part", part: report });
  }
  const report: RecoveryReport = {
    ok: reports.every((part) => part.ok && (part.finding.waiting ?? 0) === 0),
    durationMs: clock() - startedAt,
    parts: reports,
    total: totalOf(reports),
  };
  tell({ type: "recovery.end", report });
  return report;
}

async function recoverPart(part: Recoverable, clock: () => number): Promise<PartReport> {
  const { name } = part;
  const startedAt = clock();
  try {
    const finding = await part.recover();
    return { name, durationMs: clock() - startedAt, ok: true, finding };
  } catch (error) {
    return { name, durationMs: clock() - startedAt, ok: false, error };
  }
}

/** Nothing that only watches may keep a store from starting. */
function observer(onEvent: RecoveryOptions["onEvent"]): (event: RecoveryEvent) => void {
  return (event) => {
    try {
      onEvent?.(event);
    } catch {
      // Reported nowhere: the report itself goes to the caller.
    }
  };
}

function checkOptions(options: RecoveryOptions): void {
  const unknown = Object.keys(options).find((key) => !optionKeys.includes(key));
  if (unknown !== undefined)
    throw transactionError(
      "transaction.invalid_option",
      `There is no option "${unknown}" of a recovery. Known are ${optionKeys.join(", ")}.`,
      { details: { option: unknown } },
    );
}

function checkParts(parts: readonly Recoverable[]): void {
  const names = parts.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw transactionError(
      "transaction.invalid_option",
      `Two parts of the recovery are named "${repeated}". Give each a name of its own.`,
      { details: { name: repeated } },
    );
  if (parts.length > recoveryPartsMax)
    throw transactionError(
      "transaction.invalid_option",
      `A recovery can have ${recoveryPartsMax} parts, and ${parts.length} were given. ` +
        "Put several behind one.",
    );
}
