import { sideBySide } from "./side-by-side.ts";
import type { FileBatch, FileSettler } from "./file-settler.ts";

/** A transaction of which something could not take effect. */
export interface FailedBatch {
  /** Of the first change that failed. */
  readonly path: string;
  readonly error: unknown;
  /** Changes that wait. */
  count: number;
}

/** What became of the changes of several transactions. */
export interface RolledForward {
  readonly applied: readonly FileBatch[];
  /** The first of each transaction that stays listed. */
  readonly failures: readonly FailedBatch[];
  /** Paths at which somebody else's version stays. */
  readonly conflicts: readonly string[];
}

/**
 * Applies the changes of transactions, given in the order of their commits,
 * side by side, but those of one file one after the other: what comes after a
 * change that cannot take effect waits with it.
 *
 * @internal
 */
export async function rollForward(
  settler: FileSettler,
  batches: readonly FileBatch[],
): Promise<RolledForward> {
  const failed = new Map<string, FailedBatch>();
  const before = new Map<string, Promise<void>>();
  const changes = batches.flatMap(({ batch, changes: some }) =>
    some.map((change) => ({ batch, change, inConflict: false })),
  );
  await sideBySide(changes, (item) => {
    const { batch, change } = item;
    const applying = (before.get(change.path) ?? Promise.resolve()).then(async () => {
      item.inConflict = await settler.applyOne(batch, change);
    });
    before.set(change.path, applying);
    return applying.catch((error: unknown) => {
      const known = failed.get(batch);
      if (known === undefined) failed.set(batch, { path: change.path, error, count: 1 });
      else known.count += 1;
    });
  });
  return {
    applied: batches.filter(({ batch }) => !failed.has(batch)),
    failures: [...failed.values()],
    conflicts: changes.filter(({ inConflict }) => inConflict).map(({ change }) => change.path),
  };
}
