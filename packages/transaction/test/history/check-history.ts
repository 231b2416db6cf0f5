/**
 * Checks a history of list appends for serialisability, after Elle (Kingsbury
 * and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
 * Observations", VLDB 2020): because every value is appended once, a list that
 * was read tells the order of all appends before it. From the orders follows
 * which transaction has to come before which; a cycle means that there is no
 * order that explains what was seen. Who had ended before another began has to
 * come before it too, so the order found is one that callers could have watched.
 *
 * The history has to end with a transaction that reads every list.
 */
import { DependencyGraph } from "./dependency-graph.ts";
import type { HistoryOperation, HistoryTransaction } from "./history.ts";

/** Answers with a sentence for each anomaly; nothing means strictly serialisable. */
export function checkHistory(history: readonly HistoryTransaction[]): readonly string[] {
  return new HistoryCheck(history).run();
}

interface Append {
  readonly by: number;
  readonly kept: boolean;
  /** The last one of its transaction to that list. */
  final: boolean;
}

class HistoryCheck {
  readonly #history: readonly HistoryTransaction[];
  readonly #committed: readonly number[];
  readonly #appends = new Map<number, Append>();
  /** The longest list read of each key. */
  readonly #orders = new Map<number, readonly number[]>();
  readonly #anomalies: string[] = [];

  constructor(history: readonly HistoryTransaction[]) {
    this.#history = history;
    this.#committed = [...history.keys()].filter((index) => history[index]?.fate === "committed");
  }

  run(): readonly string[] {
    this.#collectAppends();
    for (const index of this.#committed) this.#checkReads(index);
    this.#findLost();
    // Without one order per list there is nothing to build on.
    if (this.#anomalies.length === 0) this.#findCycles();
    return this.#anomalies;
  }

  #collectAppends(): void {
    for (const [by, { fate, operations, name }] of this.#history.entries()) {
      const latest = new Map<number, Append>();
      for (const operation of operations) {
        if (operation.kind === "read") continue;
        const { kind, key, value } = operation;
        if (this.#appends.has(value)) this.#report(name, `appended ${value} a second time`);
        const append = { by, kept: fate === "committed" && kind === "append", final: true };
        this.#appends.set(value, append);
        if (!append.kept) continue;
        const earlier = latest.get(key);
        if (earlier !== undefined) earlier.final = false;
        latest.set(key, append);
      }
    }
  }

  #checkReads(index: number): void {
    const { name, operations } = this.#transaction(index);
    const own = new Map<number, number[]>();
    const seen = new Map<number, string>();
    for (const operation of operations) {
      const { key } = operation;
      const mine = own.get(key) ?? [];
      if (operation.kind === "append") own.set(key, [...mine, operation.value]);
      if (operation.kind !== "read") continue;
      const { values } = operation;
      const before = values.slice(0, values.length - mine.length);
      if (mine.some((value, at) => values[before.length + at] !== value))
        this.#report(name, `did not read its own appends to list ${key} (internal)`);
      const text = before.join();
      if ((seen.get(key) ?? text) !== text)
        this.#report(name, `read list ${key} twice and differently (unrepeatable read)`);
      seen.set(key, text);
      this.#checkValues(index, key, before);
      this.#growOrder(name, key, values);
    }
  }

  #checkValues(index: number, key: number, values: readonly number[]): void {
    const { name } = this.#transaction(index);
    for (const value of values) {
      const append = this.#appends.get(value);
      if (append === undefined) this.#report(name, `read ${value}, which nobody appended`);
      else if (!append.kept)
        this.#report(
          name,
          `read ${value} of list ${key}, which was rolled back (G1a, aborted read)`,
        );
    }
    const last = this.#appends.get(values.at(-1) ?? Number.NaN);
    if (last?.kept === true && !last.final)
      this.#report(
        name,
        `read list ${key} in the middle of a transaction (G1b, intermediate read)`,
      );
    if (new Set(values).size !== values.length)
      this.#report(name, `read a value of list ${key} twice`);
  }

  #growOrder(name: string, key: number, values: readonly number[]): void {
    const known = this.#orders.get(key) ?? [];
    const [short, long] = known.length < values.length ? [known, values] : [values, known];
    if (short.some((value, at) => long[at] !== value))
      this.#report(name, `read list ${key} in another order than others`);
    this.#orders.set(key, long);
  }

  /** The last transaction has read every list, so what is in no order is nowhere. */
  #findLost(): void {
    const found = new Set([...this.#orders.values()].flat());
    for (const [value, { by, kept }] of this.#appends)
      if (kept && !found.has(value))
        this.#report(this.#transaction(by).name, `lost its append ${value}`);
  }

  #findCycles(): void {
    const graph = new DependencyGraph(this.#history.length);
    const by = (value: number | undefined): number | undefined =>
      value === undefined ? undefined : this.#appends.get(value)?.by;
    const link = (from: number | undefined, to: number | undefined, kind: "ww" | "wr" | "rw") => {
      if (from !== undefined && to !== undefined) graph.add(from, to, kind);
    };
    for (const order of this.#orders.values())
      for (const [at, value] of order.entries()) link(by(order[at - 1]), by(value), "ww");
    for (const index of this.#committed) {
      for (const { key, before } of externalReads(this.#transaction(index).operations)) {
        link(by(before.at(-1)), index, "wr");
        link(index, by(this.#orders.get(key)?.[before.length]), "rw");
      }
    }
    this.#addTime(graph);
    for (const cycle of graph.cycles()) {
      const steps = cycle.map(([node, kind]) => `${this.#describe(node)} -${kind}->`);
      this.#anomalies.push(`A cycle: ${steps.join(" ")} ${this.#describe(cycle[0]?.[0] ?? 0)}`);
    }
  }

  /** Whoever has ended comes before whoever begins; what that already implies is left out. */
  #addTime(graph: DependencyGraph): void {
    const moments = this.#committed.flatMap((index) => {
      const { startedAt, endedAt } = this.#transaction(index);
      return [
        { at: startedAt, index, ends: false },
        { at: endedAt, index, ends: true },
      ];
    });
    // At one moment beginnings come first: they are then not behind those that end.
    moments.sort((a, b) => a.at - b.at || Number(a.ends) - Number(b.ends));
    let latest: number[] = [];
    const behind = new Map<number, readonly number[]>();
    for (const { index, ends } of moments) {
      if (!ends) {
        behind.set(index, [...latest]);
        for (const before of latest) graph.add(before, index, "time");
        continue;
      }
      const implied = new Set(behind.get(index));
      behind.delete(index);
      latest = [...latest.filter((other) => !implied.has(other)), index];
    }
  }

  #describe(index: number): string {
    const { name, operations } = this.#transaction(index);
    const steps = operations.map((operation) =>
      operation.kind === "read"
        ? `read ${operation.key} = [${operation.values.slice(-3).join()}]`
        : `${operation.kind} ${operation.key} ${operation.value}`,
    );
    return `${name} {${steps.join("; ")}}`;
  }

  #transaction(index: number): HistoryTransaction {
    const transaction = this.#history[index];
    if (transaction === undefined) throw new Error(`There is no transaction ${index}.`);
    return transaction;
  }

  #report(name: string, what: string): void {
    this.#anomalies.push(`${name} ${what}.`);
  }
}

/** Every read without what the transaction had appended itself. */
function externalReads(
  operations: readonly HistoryOperation[],
): readonly { readonly key: number; readonly before: readonly number[] }[] {
  const own = new Map<number, number>();
  return operations.flatMap((operation) => {
    const { kind, key } = operation;
    const mine = own.get(key) ?? 0;
    if (kind === "append") own.set(key, mine + 1);
    return kind === "read"
      ? [{ key, before: operation.values.slice(0, operation.values.length - mine) }]
      : [];
  });
}
