/** The checker on histories written by hand: one that is fine, and one for each anomaly. */
import { describe, expect, test } from "vitest";
import { checkHistory } from "./check-history.ts";
import type { HistoryOperation, HistoryTransaction } from "./history.ts";

const append = (key: number, value: number): HistoryOperation => ({ kind: "append", key, value });
const undone = (key: number, value: number): HistoryOperation => ({ kind: "undone", key, value });
const read = (key: number, ...values: number[]): HistoryOperation => ({
  kind: "read",
  key,
  values,
});

/** Transactions that all overlap, so that time says nothing. */
function overlapping(...bodies: readonly (readonly HistoryOperation[])[]): HistoryTransaction[] {
  return bodies.map((operations, index) => ({
    name: `T${index}`,
    startedAt: index,
    endedAt: 100 + index,
    fate: "committed",
    operations,
  }));
}

const aborted = (transaction: HistoryTransaction | undefined): HistoryTransaction[] =>
  transaction === undefined ? [] : [{ ...transaction, fate: "aborted" }];

describe("the check of a history", () => {
  test("finds nothing in one that has an order", () => {
    const history = overlapping(
      [append(1, 10), read(1, 10), append(2, 20)],
      [read(1, 10), read(2, 20), append(1, 11)],
      [read(1), read(2)],
      [read(1, 10, 11), read(2, 20)],
    );
    expect(checkHistory(history)).toEqual([]);
  });

  test.each([
    [
      "write skew",
      [read(1), append(2, 20)],
      [read(2), append(1, 10)],
      /A cycle: .* -rw-> .* -rw->/,
    ],
    ["a read that is half old", [append(1, 10), append(2, 20)], [read(1, 10), read(2)], /-rw->/],
    ["circular reading", [append(1, 10), read(2, 20)], [append(2, 20), read(1, 10)], /-wr->/],
    ["an intermediate read", [append(1, 10), append(1, 11)], [read(1, 10)], /G1b/],
    ["an undone read", [undone(1, 12), append(1, 10)], [read(1, 12)], /G1a/],
    ["a lost append", [append(1, 10), append(1, 11)], [append(1, 12), read(1, 12)], /order|lost/],
    ["own appends not seen", [append(1, 10), read(1)], [append(2, 20)], /internal/],
    ["an unrepeatable read", [append(1, 10)], [read(1), read(1, 10)], /unrepeatable/],
    ["a value from nowhere", [append(1, 10)], [read(1, 99)], /nobody appended/],
  ])("finds %s", (...[, first, second, pattern]) => {
    const all = [...first, ...second].filter(({ kind }) => kind === "append");
    const lists = Map.groupBy(all, ({ key }) => key);
    const last = [...lists].map(([key, list]) =>
      read(key, ...list.flatMap((one) => (one.kind === "append" ? one.value : []))),
    );
    expect(checkHistory(overlapping(first, second, last)).join("\n")).toMatch(pattern);
  });

  test("finds an aborted read", () => {
    const [writer, reader] = overlapping([append(1, 10)], [read(1, 10)]);
    expect(checkHistory([...aborted(writer), reader!]).join()).toMatch(/G1a/);
  });

  test("finds an order that contradicts time", () => {
    const late = (transaction: HistoryTransaction, by: number): HistoryTransaction => ({
      ...transaction,
      startedAt: transaction.startedAt + by,
      endedAt: transaction.endedAt + by,
    });
    const [writer, reader, last] = overlapping([append(1, 10)], [read(1)], [read(1, 10)]);
    expect(checkHistory([writer!, reader!, last!])).toEqual([]);
    const found = checkHistory([writer!, late(reader!, 200), late(last!, 400)]);
    expect(found.join()).toMatch(/-time->/);
  });

  test("manages long chains without recursion", () => {
    const values = Array.from({ length: 20_000 }, (_, index) => index);
    const one = (operation: HistoryOperation, at: number): HistoryTransaction => ({
      name: `T${at}`,
      startedAt: at,
      endedAt: at + 0.5,
      fate: "committed",
      operations: [operation],
    });
    const history = values.map((value) => one(append(1, value), value));
    const last = one(read(1, ...values), values.length);
    expect(checkHistory([...history, last])).toEqual([]);
  });
});
