import { AtlasError, createErrorFactory, errorCategories } from "@atlas/errors";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";

const codes = {
  "task.cycle": { severity: "low", recoverable: true, retryable: false, hint: "Break the cycle." },
  "storage.busy": { severity: "medium", recoverable: true, retryable: true, hint: "Try again." },
} as const;
const createError = createErrorFactory(codes);

it("E1: has the twelve categories as a stable list", () => {
  expect(errorCategories).toEqual([
    "configuration",
    "validation",
    "storage",
    "transaction",
    "index",
    "batch",
    "operation",
    "recovery",
    "session",
    "migration",
    "analysis",
    "task",
  ]);
});

it("E1: takes category, severity and hint from its code's table", () => {
  const error = createError("task.cycle", "Task A waits for itself.");

  expect(error).toMatchObject({
    name: "AtlasError",
    code: "task.cycle",
    category: "task",
    severity: "low",
    recoverable: true,
    retryable: false,
    retryScope: "never",
    hint: "Break the cycle.",
    message: "Task A waits for itself.",
  });
});

it("E1: lets the thrower sharpen what the table says", () => {
  const error = createError("task.cycle", "…", { severity: "critical", hint: "Look again." });

  expect(error.severity).toBe("critical");
  expect(error.hint).toBe("Look again.");
  expect(error.recoverable).toBe(true);
});

it.each([
  ["none", "operation"],
  ["unknown", "operation"],
  ["active", "transaction"],
  ["rolledBack", "transaction"],
] as const)("E1: with a transaction %s, a retryable error repeats the %s", (txState, scope) => {
  expect(createError("storage.busy", "…", { txState }).retryScope).toBe(scope);
});

it("E1: never offers a retry for an error that is not retryable", () => {
  const error = createError("task.cycle", "…", { retryScope: "statement", txState: "active" });

  expect(error.retryScope).toBe("never");
});

it("E1: has no own cause unless one was given", () => {
  const cause = new Error("first");

  expect("cause" in createError("task.cycle", "…")).toBe(false);
  expect(createError("task.cycle", "…", { cause }).cause).toBe(cause);
  expect(createError("task.cycle", "…", { cause: undefined })).toHaveProperty("cause", undefined);
});

it("E1: begins its trace where it was thrown", () => {
  const error = createError("task.cycle", "…");

  expect(error.stack?.split("\n")[1]).toContain("atlas-error.test.ts");
});

it("E1: copies and freezes its details", () => {
  const details = { task: "a" };

  const error = createError("task.cycle", "…", { details });
  details.task = "b";

  expect(error.details).toEqual({ task: "a" });
  expect(Object.isFrozen(error.details)).toBe(true);
});

it("E1: becomes JSON without stack and cause, whatever its details hold", () => {
  const details: Record<string, unknown> = { count: 3n };
  details["self"] = details;
  const cause = new Error("secret");

  const json: unknown = JSON.parse(
    JSON.stringify(createError("storage.busy", "Busy.", { details, cause, txState: "none" })),
  );

  expect(json).toEqual({
    code: "storage.busy",
    message: "Busy.",
    category: "storage",
    severity: "medium",
    recoverable: true,
    retryable: true,
    retryScope: "operation",
    hint: "Try again.",
    details: { count: "3", self: { count: "3", self: "[circular]" } },
    txState: "none",
  });
});

it("E1: leaves the transaction state out of the JSON when nothing is known", () => {
  expect(createError("storage.busy", "…").toJSON()).not.toHaveProperty("txState");
});

it("E1: is recognised by another copy of the package and from another realm", async () => {
  const copyUrl = new URL("../src/atlas-error.ts?copy", import.meta.url).href;
  const copy = (await import(/* @vite-ignore */ copyUrl)) as { AtlasError: typeof AtlasError };
  const foreign = new copy.AtlasError("task.cycle", "…");
  const realm: unknown = runInNewContext(
    "const e = new Error('x'); e[Symbol.for('@atlas/errors/AtlasError')] = true; e",
  );

  expect(foreign).not.toBeInstanceOf(AtlasError);
  expect(AtlasError.is(foreign)).toBe(true);
  expect(AtlasError.is(realm)).toBe(true);
});

it.each([[new Error("plain")], ["text"], [null], [undefined], [{ code: "task.cycle" }]])(
  "E1: does not recognise %o",
  (value) => {
    expect(AtlasError.is(value)).toBe(false);
  },
);
