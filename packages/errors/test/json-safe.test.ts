import { AtlasError, jsonSafeDefaults, toJsonSafe } from "@atlas/errors";
import { expect, it } from "vitest";

it.each([
  [1.5, 1.5],
  [Number.NaN, "NaN"],
  [-Infinity, "-Infinity"],
  [12n, "12"],
  [true, true],
  [null, null],
  ["x", "x"],
  [undefined, "[undefined]"],
  [Symbol("x"), "[symbol]"],
  [() => 1, "[function]"],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
  [new Date(Number.NaN), null],
  [new Map([[{}, 1]]), { "[object Object]": 1 }],
  [new Set([1, 2]), [1, 2]],
  [new Uint8Array(12), "[12 bytes]"],
  [new ArrayBuffer(3), "[3 bytes]"],
  [new URL("http://a/b"), "http://a/b"],
  [new TypeError("no"), { name: "TypeError", message: "no" }],
  [{ a: undefined, b: [undefined] }, { b: ["[undefined]"] }],
])("toJsonSafe: turns %o into %j", (value, expected) => {
  expect(toJsonSafe(value)).toEqual(expected);
});

it("toJsonSafe: keeps the fields of an AtlasError", () => {
  const error = new AtlasError("task.cycle", "…", { details: { at: 1n } });

  expect(toJsonSafe({ error })).toMatchObject({
    error: { code: "task.cycle", details: { at: "1" } },
  });
});

it("toJsonSafe: marks a cycle but not a value that merely appears twice", () => {
  const shared = { x: 1 };
  const cycle: Record<string, unknown> = { first: shared, second: shared };
  cycle["self"] = cycle;

  expect(toJsonSafe(cycle)).toEqual({ first: { x: 1 }, second: { x: 1 }, self: "[circular]" });
});

it("toJsonSafe: keeps exactly as much as its limits say", () => {
  expect(toJsonSafe([1, 2, 3], { entriesMax: 3 })).toEqual([1, 2, 3]);
  expect(toJsonSafe([1, 2, 3, 4], { entriesMax: 3 })).toEqual([1, 2, 3, "[1 more]"]);
  expect(toJsonSafe({ a: 1, b: 2 }, { entriesMax: 1 })).toEqual({ a: 1, "…": "[1 more]" });
  expect(toJsonSafe("abc", { stringLengthMax: 3 })).toBe("abc");
  expect(toJsonSafe("abcd", { stringLengthMax: 3 })).toBe("abc…");
  expect(toJsonSafe([[1]], { depthMax: 2 })).toEqual([[1]]);
  expect(toJsonSafe([[[1]]], { depthMax: 2 })).toEqual([["[too deep]"]]);
});

it("toJsonSafe: does not cut a character in half", () => {
  expect(toJsonSafe("ab😀", { stringLengthMax: 3 })).toBe("ab…");
  expect(toJsonSafe("ab😀c", { stringLengthMax: 4 })).toBe("ab😀…");
});

it("toJsonSafe: redacts the named fields at any depth", () => {
  const redact = (key: string) => key === "token";

  expect(toJsonSafe({ token: { a: 1 }, in: [{ token: "x", y: 2 }] }, { redact })).toEqual({
    token: "[redacted]",
    in: [{ token: "[redacted]", y: 2 }],
  });
});

it("toJsonSafe: survives getters and toJSON methods that throw", () => {
  const hostile = {
    get value(): never {
      throw new Error("no");
    },
  };
  const refusing = {
    toJSON: () => {
      throw new Error("no");
    },
  };

  expect(toJsonSafe({ hostile, refusing, next: 1 })).toEqual({
    hostile: "[unreadable]",
    refusing: "[unreadable]",
    next: 1,
  });
});

it("toJsonSafe: treats a key named __proto__ as data", () => {
  const copy = toJsonSafe(JSON.parse('{"__proto__":{"admin":true}}'));

  expect(Object.keys(copy as object)).toEqual(["__proto__"]);
  expect((copy as { admin?: boolean }).admin).toBeUndefined();
});

it("toJsonSafe: has frozen defaults", () => {
  expect(jsonSafeDefaults).toMatchObject({ depthMax: 6, entriesMax: 100, stringLengthMax: 8192 });
  expect(Object.isFrozen(jsonSafeDefaults)).toBe(true);
});
