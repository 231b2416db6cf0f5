import { AtlasError, checkOptions } from "@atlas/errors";
import type { Dialect } from "@atlas/storage";
import { transactionError } from "../errors.ts";
import type { Durability, TransactionOptions } from "../transaction-options.ts";
import type { IsolationLevel, Transaction, TransactionManager } from "../transaction.ts";
import type {
  AtomicOperation,
  OperationOutcome,
  RuleFinding,
  ValidationRules,
} from "./atomic-operation.ts";
import type { FailurePhase, OperationFailureLog } from "./failure-log.ts";
import {
  afterCommitFinding,
  checkRules,
  findingsOf,
  type IntegrityCheck,
  integrityCheckOf,
} from "./validation-rules.ts";

/** How one operation runs. */
export interface AtomicOperationOptions {
  /** The weakest level that will do. Default: "serializable". */
  readonly isolationLevel?: IsolationLevel;
  /** Where failures are kept. Default: nowhere. */
  readonly failureLog?: OperationFailureLog;
  /** Of the store of the transactions: by it `dataIntegrityCheck` asks the database. */
  readonly dialect?: Dialect;
  /** What `dataIntegrityCheck` does instead. Default: the check of the `dialect`. */
  readonly integrityCheck?: IntegrityCheck;
  /** Default: the manager's `waitTimeoutMs`. */
  readonly waitTimeoutMs?: number;
  /** Default: the manager's `holdTimeoutMs`. */
  readonly holdTimeoutMs?: number;
  /** Default: the manager's `durability`. */
  readonly durability?: Durability;
  /** Rolls back when it fires before the commit. */
  readonly signal?: AbortSignal;
  /** Milliseconds that only ever grow. Default: `performance.now`. */
  readonly monotonicClock?: () => number;
}

/** How far an operation has come. */
interface Progress {
  phase: FailurePhase;
  transaction: Transaction | undefined;
  findings: readonly RuleFinding[];
}

/** What the parts of one run share. */
interface Run<T> {
  readonly name: string;
  readonly rules: ValidationRules<T>;
  readonly integrityCheck: IntegrityCheck | undefined;
  readonly now: () => number;
  readonly progress: Progress;
  /** Writes the failure log, when there is one. */
  readonly report: (error?: unknown) => Promise<void> | undefined;
}

/**
 * Runs an operation in a transaction of its own, checks its rules before the
 * commit, where a broken one rolls everything back, and after it, where a broken
 * one is a finding of the outcome: what is committed stays. Failures and
 * findings go to the failure log, in a transaction of their own.
 *
 * @throws {AtlasError} transaction.check_unsupported when `dataIntegrityCheck` is asked for and
 * neither the `dialect` nor the caller can look; nothing has run then.
 * @throws {AtlasError} transaction.operation_refused when a rule was broken before the commit.
 * @throws {AtlasError} transaction.operation_failed for every other failure; the
 * cause says which, and `txState` what has become of the data.
 */
export async function executeAtomicOperation<T>(
  transactions: Pick<TransactionManager, "atomic" | "read">,
  operation: AtomicOperation<T>,
  options: AtomicOperationOptions = {},
): Promise<OperationOutcome<T>> {
  checkOptions<AtomicOperationOptions>("executeAtomicOperation", options, {
    isolationLevel: ["read_uncommitted", "read_committed", "repeatable_read", "serializable"],
    failureLog: "any",
    dialect: "any",
    integrityCheck: "any",
    waitTimeoutMs: { min: 1, max: 3_600_000 },
    holdTimeoutMs: { min: 1, max: 600_000 },
    durability: ["full", "relaxed"],
    signal: "any",
    monotonicClock: "any",
  });
  const now = options.monotonicClock ?? performance.now.bind(performance);
  const startedAt = now();
  const progress: Progress = { phase: "execute", transaction: undefined, findings: [] };
  const rules = checkRules(operation);
  const run: Run<T> = {
    name: operation.name,
    rules,
    integrityCheck: integrityCheckOf(rules.dataIntegrityCheck ?? false, options),
    now,
    progress,
    report: (error) =>
      options.failureLog?.record({
        operation: operation.name,
        phase: progress.phase,
        transactionId: progress.transaction?.id ?? "",
        durationMs: now() - startedAt,
        findings: progress.findings,
        ...(error === undefined ? {} : { error }),
      }),
  };
  try {
    const { result, transaction } = await transactions.atomic(
      (tx) => runBody(operation, tx, run),
      transactionOptionsOf(options),
    );
    const durationMs = now() - startedAt;
    const findings = await checkCommitted(transactions, run, { result, durationMs });
    const { id, isolation } = transaction;
    return { result, transactionId: id, isolation, durationMs, findings };
  } catch (error) {
    throw await failed(run, error);
  }
}

async function runBody<T>(
  operation: AtomicOperation<T>,
  transaction: Transaction,
  { name, rules, integrityCheck, now, progress }: Run<T>,
): Promise<{ result: T; transaction: Transaction }> {
  progress.transaction = transaction;
  const begunAt = now();
  const result = await operation.execute(transaction);
  progress.phase = "before_commit";
  const durationMs = now() - begunAt;
  const subject = { result, context: transaction, durationMs, ...checkIn(integrityCheck) };
  progress.findings = await findingsOf(rules, "before_commit", subject);
  if (progress.findings.length > 0) throw refused(name, progress.findings);
  progress.phase = "commit";
  return { result, transaction };
}

function checkIn(check: IntegrityCheck | undefined): { readonly integrityCheck?: IntegrityCheck } {
  return check === undefined ? {} : { integrityCheck: check };
}

/** Never throws: an error would tell the caller that nothing was changed. */
async function checkCommitted<T>(
  transactions: Pick<TransactionManager, "read">,
  { rules, integrityCheck, progress, report }: Run<T>,
  { result, durationMs }: { readonly result: T; readonly durationMs: number },
): Promise<readonly RuleFinding[]> {
  progress.phase = "after_commit";
  try {
    progress.findings = await transactions.read((reader) =>
      findingsOf(rules, "after_commit", {
        result,
        context: reader,
        durationMs,
        ...checkIn(integrityCheck),
      }),
    );
  } catch (error) {
    progress.findings = [afterCommitFinding("read", error)];
  }
  if (progress.findings.length === 0) return [];
  try {
    await report();
    return progress.findings;
  } catch (error) {
    return [...progress.findings, afterCommitFinding("failureLog", error)];
  }
}

function transactionOptionsOf(options: AtomicOperationOptions): TransactionOptions {
  const { isolationLevel, waitTimeoutMs, holdTimeoutMs, durability, signal } = options;
  return {
    // Inside another transaction neither the failure log nor a check after the commit could keep
    // what it promises.
    independent: true,
    ...(isolationLevel === undefined ? {} : { isolation: isolationLevel }),
    ...(waitTimeoutMs === undefined ? {} : { waitTimeoutMs }),
    ...(holdTimeoutMs === undefined ? {} : { holdTimeoutMs }),
    ...(durability === undefined ? {} : { durability }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function refused(name: string, findings: readonly RuleFinding[]): AtlasError {
  const broken = findings.map(({ rule, message }) => `${rule}: ${message}`).join(" ");
  return transactionError(
    "transaction.operation_refused",
    `The operation "${name}" was rolled back because it broke its rules. ${broken}`,
    { txState: "rolledBack", details: { operation: name, findings } },
  );
}

/** The error for the caller. A log that cannot be written is told of and hides nothing. */
async function failed<T>({ name, progress, report }: Run<T>, error: unknown): Promise<AtlasError> {
  const known = AtlasError.is(error) ? error : undefined;
  let logError: unknown;
  try {
    await report(error);
  } catch (cause) {
    logError = cause;
  }
  const logged = logError === undefined;
  if (known?.code === "transaction.operation_refused" && logged) return known;
  const outcome =
    known?.txState === "unknown"
      ? "Whether it was committed is not known: read the data before repeating it."
      : "Nothing was changed. The cause says why.";
  return transactionError(
    "transaction.operation_failed",
    `The operation "${name}" failed at the stage ${progress.phase}. ${outcome}` +
      (logged ? "" : " The failure log could not be written either."),
    {
      cause: logged ? error : new AggregateError([error, logError], "The log failed as well."),
      retryable: known?.retryable ?? false,
      txState: known?.txState ?? "rolledBack",
      details: { operation: name, phase: progress.phase, logged },
    },
  );
}
