import { AsyncLocalStorage } from "node:async_hooks";
import type { TransactionManager } from "@atlas/transaction";
import type { ChangeSetOptions } from "./change-log.ts";

/** Who changes something, why, and together with what. */
export interface ChangeContext {
  readonly changeSet: string;
  readonly actor: string | undefined;
  readonly reason: string | undefined;
}

/**
 * Knows which change set the calling code belongs to: the one around it, or
 * that of its outermost transaction.
 */
export class ChangeContexts {
  readonly #transactions: Pick<TransactionManager, "current">;
  readonly #createId: () => string;
  readonly #contexts: AsyncLocalStorage<ChangeContext> = new AsyncLocalStorage();
  // Transactions write one after the other, so the last one is the only one
  // that can still ask for its change set.
  #last: { readonly transaction: string; readonly context: ChangeContext } | undefined;

  constructor(transactions: Pick<TransactionManager, "current">, createId: () => string) {
    this.#transactions = transactions;
    this.#createId = createId;
  }

  /** The actor of the change set around the calling code. */
  get actor(): string | undefined {
    return this.#contexts.getStore()?.actor;
  }

  /** Runs `body` in a change set of its own, or in the one around it. */
  run<T>({ actor, reason }: ChangeSetOptions, body: () => T): T {
    const outer = this.#contexts.getStore();
    const context = {
      changeSet: outer?.changeSet ?? this.#createId(),
      actor: actor ?? outer?.actor,
      reason: reason ?? outer?.reason,
    };
    return this.#contexts.run(context, body);
  }

  /** What the calling code's changes belong to; undefined outside a transaction. */
  current(): ChangeContext | undefined {
    const transaction = this.#transactions.current()?.id;
    if (transaction === undefined) return undefined;
    const context = this.#contexts.getStore();
    if (context !== undefined) return context;
    if (this.#last?.transaction !== transaction) {
      const changeSet = this.#createId();
      this.#last = { transaction, context: { changeSet, actor: undefined, reason: undefined } };
    }
    return this.#last.context;
  }
}
