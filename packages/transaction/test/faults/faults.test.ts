/**
 * The device refuses a write or a sync, once or until it is repaired, while a
 * store is made and while it is at work. Callers are told; what was
 * acknowledged is there; and when the cause is gone the service is back.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { FaultCase } from "../fixtures/fault-child.ts";
import { preloadMissing } from "../fixtures/preload.ts";
import { describeFaults, faultPlans, runFaults } from "./run-faults.ts";

const places = Number(process.env["ATLAS_FAULT_PLACES"] ?? 8);
/** With this the places lie all over the workload. */
const step = 11;
const missing = preloadMissing();

/** The codes that callers may see, whatever the device does. */
const codesExpected: readonly string[] = [
  "storage.busy",
  "storage.cannot_open",
  "storage.constraint",
  "storage.disk_full",
  "storage.io_failed",
  "storage.reopen_required",
  "transaction.group_aborted",
  "transaction.outcome_unknown",
];

describe.skipIf(missing !== undefined)(`faults${missing ? ` (skipped: ${missing})` : ""}`, () => {
  let cases: readonly FaultCase[] = [];
  beforeAll(async () => {
    cases = await runFaults(faultPlans({ places, step, transactions: 20 }));
    process.stdout.write(`${describeFaults(cases)}\n`);
  }, 600_000);

  test(`T1 D8: with the device failing at ${places} places nothing acknowledged is lost`, () => {
    expect(cases.length).toBeGreaterThan(4 * places);
    const found = cases.flatMap((one) =>
      one.contradictions.map((all) => `${placeOf(one)}: ${all}`),
    );
    expect(found).toEqual([]);
  });

  test("D8: when the cause is gone the service is back, without a restart", () => {
    expect(cases.filter(({ resumed }) => !resumed).map(placeOf)).toEqual([]);
  });

  test("T1 D8: callers are told in codes that are known, of a full disk as of a failed sync", () => {
    const codes = cases.flatMap(({ told, opening }) => [...told.map(({ code }) => code), opening]);
    const unexpected = codes.filter((code) => code !== undefined && !codesExpected.includes(code));
    expect([...new Set(unexpected)]).toEqual([]);
    expect(codes).toContain("storage.disk_full");
    expect(codes).toContain("transaction.outcome_unknown");
  });

  test("D8: no error escapes its caller and ends the process", () => {
    expect(cases.flatMap(({ escaped }) => escaped)).toEqual([]);
  });
});

function placeOf({ plan, n, fired }: FaultCase): string {
  const { error, call, duration, during } = plan;
  return `${error} on ${call} ${n} (${fired[0] ?? "none"}), ${duration}, while ${during}`;
}
