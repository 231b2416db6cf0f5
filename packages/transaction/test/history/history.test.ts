/**
 * Four processes append to and read the same lists in random transactions. From
 * what they saw follows the order of their transactions; there has to be one.
 * With a planted mistake there must be none.
 */
import { describe, expect, test } from "vitest";
import { describeHistory, runHistory } from "./run-history.ts";

const transactions = Number(process.env["ATLAS_HISTORY_TRANSACTIONS"] ?? 5_000);
const seed = Number(process.env["ATLAS_SEED"] ?? Date.now() % 1_000_000);

describe("history", () => {
  test(`T1 T2: ${transactions} transactions of four processes are serialisable (seed ${seed})`, async () => {
    const figures = await runHistory({ transactions, seed });
    process.stdout.write(`${describeHistory(figures, { transactions, seed })}\n`);
    expect(figures.anomalies).toEqual([]);
    expect(figures.transactions).toBe(transactions);
    // Otherwise nobody saw anything of the others.
    expect(figures.snapshots).toBeGreaterThan(transactions / 20);
    expect(figures.reads).toBeGreaterThan(transactions / 2);
  }, 600_000);

  for (const [fault, evidence] of [
    ["readers on the writer's connection", /G1a|G1b|unrepeatable|another order/],
    ["a snapshot per statement", /unrepeatable|A cycle: .*-rw->/],
    ["a savepoint released out of order", /G1a/],
  ] as const)
    test(`T1: a planted mistake is caught: ${fault} (seed ${seed})`, async () => {
      const { anomalies } = await runHistory({ transactions: 2_000, seed, fault });
      expect(anomalies.join("\n")).toMatch(evidence);
    }, 120_000);
});
