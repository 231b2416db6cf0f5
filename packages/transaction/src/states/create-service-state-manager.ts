import { checkOptions } from "@atlas/errors";
import { ensureTables } from "../ensure-tables.ts";
import type { TransactionManager } from "../transaction.ts";
import { addService, newService } from "./register-service.ts";
import { restoreStates } from "./restore-states.ts";
import type {
  HistoryOptions,
  ServiceStateManager,
  TransitionOptions,
} from "./service-state-manager.ts";
import { unknownState } from "./state-errors.ts";
import { resolveStateOptions, type ServiceStateOptions } from "./state-options.ts";
import {
  changesIndex,
  changesTable,
  readChanges,
  readState,
  readStates,
  statesTable,
} from "./state-store.ts";
import { transitionService } from "./transition-service.ts";
import { takeSnapshot, verifyStates } from "./verify-states.ts";

/** Makes a manager of service states in the store of `transactions`. */
export function createServiceStateManager<const State extends string>(
  transactions: Pick<TransactionManager, "atomic" | "connection" | "read">,
  given: ServiceStateOptions<State>,
): ServiceStateManager<State> {
  const options = resolveStateOptions(given);
  const { connection } = transactions;
  const tables = { tables: [statesTable, changesTable], indexes: [changesIndex] };
  return {
    prepare: () => ensureTables(transactions, options.dialect, tables),

    async register(id, registration = {}) {
      const service = newService(id, registration, options);
      return transactions.atomic((transaction) => addService(transaction, service, options));
    },

    get: (id) => readState<State>(connection, id),

    async list() {
      return [...(await readStates<State>(connection)).values()];
    },

    // oxlint-disable-next-line max-params -- the documents name this signature
    async transition(id, from, to, transition = {}) {
      checkOptions<TransitionOptions<State>>("transition", transition, {
        data: "any",
        apply: "any",
        version: "any",
        dependents: ["refuse", "follow"],
        reason: "any",
      });
      if (!options.states.has(to)) throw unknownState(to);
      const wish = { ...transition, id, from, to };
      return transactions.atomic((transaction) => transitionService(transaction, wish, options));
    },

    async history(id, page = {}) {
      checkOptions<HistoryOptions>("history", page, {
        before: "any",
        limit: { min: 1, max: 1_000 },
      });
      const { before = Number.MAX_SAFE_INTEGER, limit = 100 } = page;
      return readChanges<State>(connection, { id, before, limit });
    },

    verify: () => transactions.read((reader) => verifyStates(reader, options)),
    snapshot: () => transactions.read((reader) => takeSnapshot<State>(reader, options.clock())),
    restore: (snapshot) =>
      transactions.atomic((transaction) => restoreStates(transaction, snapshot, options)),
  };
}
