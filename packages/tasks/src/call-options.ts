import { checkOptions, type OptionRules } from "@atlas/errors";
import { taskError } from "./errors.ts";
import { leaseDefaultMs, taskLimits } from "./limits.ts";
import type { ImportedTask, ImportOptions } from "./task-import.ts";
import type { BulkMode, ClaimOptions, DeleteChildren } from "./task-input.ts";
import type { NextOptions, TaskPageOptions } from "./task-query.ts";

const nextRules: OptionRules<NextOptions> = { count: "any", under: "any", tags: "any" };
const claimRules: OptionRules<ClaimOptions> = { leaseMs: "any" };

/** Pages hold this many unless the caller says otherwise. */
const pageDefault = 20;

/** @throws {AtlasError} task.limit_exceeded @internal */
export function checkCount(items: readonly unknown[]): void {
  if (items.length >= 1 && items.length <= taskLimits.itemsMax) return;
  throw taskError(
    "task.limit_exceeded",
    `One call takes 1 to ${taskLimits.itemsMax} items, not ${items.length}. Split it.`,
    { details: { limit: "itemsMax", count: items.length } },
  );
}

/** @throws {AtlasError} configuration.invalid_option @internal */
export function checkMode(owner: string, mode: BulkMode): void {
  checkOptions(owner, { mode }, { mode: ["all-or-nothing", "item-by-item"] });
}

/** @throws {AtlasError} configuration.invalid_option @internal */
export function checkChildren(children: DeleteChildren): void {
  checkOptions("delete", { children }, { children: ["block", "cascade", "orphan"] });
}

/**
 * The options of a list with its limit filled in.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option,
 * task.limit_exceeded
 * @internal
 */
export function checkPage(page: TaskPageOptions): TaskPageOptions & { readonly limit: number } {
  const order = ["path", "priority", "updated"];
  checkOptions("list", page, { limit: "any", cursor: "any", order, fits: "any" });
  return { ...page, limit: checkLimit(page.limit ?? pageDefault, taskLimits.pageMax) };
}

/** @throws {AtlasError} configuration.unknown_option, task.limit_exceeded @internal */
export function checkHistoryPage(page: { readonly limit?: number; readonly cursor?: string }): {
  readonly limit: number;
  readonly cursor?: string;
} {
  checkOptions("history", page, { limit: "any", cursor: "any" });
  return { ...page, limit: checkLimit(page.limit ?? pageDefault, taskLimits.pageMax) };
}

/** @throws {AtlasError} configuration.unknown_option, task.limit_exceeded @internal */
export function checkNext(options: NextOptions): void {
  checkOptions("next", options, nextRules);
  checkWork(options);
}

/** The length of the lease. @throws {AtlasError} configuration.unknown_option, task.limit_exceeded @internal */
export function checkClaimNext(options: NextOptions & ClaimOptions): number {
  checkOptions("claimNext", options, { ...nextRules, ...claimRules });
  checkWork(options);
  return leaseOf(options);
}

/** The length of the lease. @throws {AtlasError} configuration.unknown_option, task.limit_exceeded @internal */
export function checkClaim(owner: string, options: ClaimOptions): number {
  checkOptions(owner, options, claimRules);
  return leaseOf(options);
}

/** @throws {AtlasError} configuration.unknown_option, configuration.invalid_option, task.limit_exceeded @internal */
export function checkImport(records: readonly ImportedTask[], options: ImportOptions): void {
  checkOptions("import", options, {
    source: "any",
    into: "any",
    onInvalid: ["skip", "reject-all"],
    onProgress: "any",
  });
  if (records.length > taskLimits.recordsMax)
    throw exceeded(
      `One import takes at most ${taskLimits.recordsMax} records. Split it.`,
      "recordsMax",
    );
  const { length } = options.source;
  if (length < 1 || length > taskLimits.externalIdLengthMax)
    throw exceeded(
      `The name of a source has 1 to ${taskLimits.externalIdLengthMax} characters.`,
      "externalIdLengthMax",
    );
}

function checkWork({ count = 1, tags = [] }: NextOptions): void {
  checkLimit(count, taskLimits.claimMax);
  if (tags.length > taskLimits.tagsMax)
    throw exceeded(`Work can be narrowed by at most ${taskLimits.tagsMax} tags.`, "tagsMax");
}

function checkLimit(limit: number, max: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw taskError("task.limit_exceeded", `The limit must be a whole number from 1 to ${max}.`, {
    details: { limit: max },
  });
}

function leaseOf({ leaseMs = leaseDefaultMs }: ClaimOptions): number {
  const { leaseMinMs, leaseMaxMs } = taskLimits;
  if (Number.isInteger(leaseMs) && leaseMs >= leaseMinMs && leaseMs <= leaseMaxMs) return leaseMs;
  throw exceeded(
    `A lease lasts from ${leaseMinMs / 1000} seconds to ${leaseMaxMs / 3_600_000} hours.`,
    "leaseMs",
  );
}

function exceeded(message: string, limit: string): Error {
  return taskError("task.limit_exceeded", message, { details: { limit } });
}
