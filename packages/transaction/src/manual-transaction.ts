import type { Frame } from "./frame.ts";
import type { ManualTransaction } from "./transaction.ts";

/** How a manual transaction ends its body. @internal */
export interface ManualEnd {
  /** Lets the body return, so that the lane commits. */
  readonly commit: () => Promise<void>;
  /** Lets the body fail. Resolves when everything is undone. */
  readonly rollback: () => Promise<void>;
}

/** Puts the two verbs beside the frame's own. @internal */
export function createManualTransaction(frame: Frame, end: ManualEnd): ManualTransaction {
  return {
    get id() {
      return frame.id;
    },
    get isolation() {
      return frame.isolation;
    },
    get readonly() {
      return frame.readonly;
    },
    get startTime() {
      return frame.startTime;
    },
    get operations() {
      return frame.operations;
    },
    get: (query, ...values) => frame.get(query, ...values),
    all: (query, ...values) => frame.all(query, ...values),
    run: (query, ...values) => frame.run(query, ...values),
    runMany: (query, rows) => frame.runMany(query, rows),
    execute: (sql, params) => frame.execute(sql, params),
    createSavepoint: (name) => frame.createSavepoint(name),
    rollbackTo: (name) => frame.rollbackTo(name),
    afterCommit: (hook) => frame.afterCommit(hook),
    afterRollback: (hook) => frame.afterRollback(hook),
    enlist: (key, create) => frame.enlist(key, create),
    commit: end.commit,
    rollback: end.rollback,
    [Symbol.asyncDispose]: end.rollback,
  };
}
