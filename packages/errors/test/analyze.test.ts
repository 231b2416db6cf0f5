import { analyze, createErrorFactory } from "@atlas/errors";
import { mkdtempSync, openSync, readFileSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const createError = createErrorFactory({
  "task.claimed": { severity: "low", recoverable: true, retryable: false, hint: "Take another." },
  "storage.failed": { severity: "high", recoverable: true, retryable: true, hint: "Try again." },
} as const);

/** An error with the shape better-sqlite3 gives its own. */
function sqliteError(code: string): Error {
  return Object.assign(new Error("foreign text"), { name: "SqliteError", code });
}

function systemError(code: string, call = "write"): Error {
  return Object.assign(new Error("foreign text"), { code, syscall: call });
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

it("E2: repeats what an AtlasError says of itself", () => {
  const error = createError("task.claimed", "Task 7 is taken.", { details: { task: "7" } });

  expect(analyze(error)).toEqual({
    type: "task",
    code: "task.claimed",
    source: "atlas",
    severity: "low",
    recoverable: true,
    retryable: false,
    retryScope: "never",
    txState: undefined,
    hint: "Take another.",
    context: { task: "7" },
  });
});

it("E2: lets the outermost known error decide and takes the transaction state from below", () => {
  const disk = sqliteError("SQLITE_FULL");
  const error = createError("storage.failed", "…", {
    cause: new Error("between", { cause: disk }),
  });

  expect(analyze(error)).toMatchObject({
    code: "storage.failed",
    source: "atlas",
    txState: "rolledBack",
    context: {
      chain: [
        { source: "atlas", code: "storage.failed" },
        { source: "unknown", code: "operation.unknown" },
        { source: "sqlite", code: "storage.disk_full" },
      ],
    },
  });
});

it("E2: looks behind errors that nobody knows", () => {
  const error = new Error("wrapped", { cause: sqliteError("SQLITE_BUSY") });

  expect(analyze(error)).toMatchObject({ code: "storage.busy", retryScope: "statement" });
});

it("E2: looks into an AggregateError", () => {
  const error = new AggregateError([new Error("dull"), systemError("ENOSPC")]);

  expect(analyze(error)).toMatchObject({ code: "storage.disk_full", severity: "critical" });
});

it("E2: prefers the first failure to what cleaning up added", () => {
  const error = Object.assign(new Error("An error was suppressed"), {
    name: "SuppressedError",
    error: systemError("EBUSY"),
    suppressed: systemError("ENOSPC"),
  });

  expect(analyze(error).code).toBe("storage.disk_full");
});

it("E2: ends on a cycle and on a chain that is too long", () => {
  const cycle: Error = new Error("a");
  cycle.cause = new Error("b", { cause: cycle });
  let long: Error = sqliteError("SQLITE_FULL");
  for (let link = 0; link < 16; link += 1) long = new Error("link", { cause: long });

  expect(analyze(cycle).context).toMatchObject({ chain: [{}, {}] });
  expect(analyze(long).code).toBe("operation.unknown");
  expect(analyze(long.cause).code).toBe("storage.disk_full");
});

it.each([
  ["a secret text", "string"],
  [42, "number"],
  [null, "null"],
  [undefined, "undefined"],
  [{ code: 5, note: "secret" }, "object"],
  [() => "x", "function"],
])("E2: says of %o only what kind of value was thrown", (value, thrown) => {
  expect(analyze(value)).toMatchObject({
    type: "operation",
    code: "operation.unknown",
    source: "unknown",
    severity: "high",
    recoverable: false,
    retryScope: "never",
    context: { thrown },
  });
  expect(JSON.stringify(analyze(value))).not.toContain("secret");
});

it("E2: survives values that throw when they are looked at, and false brands", () => {
  const refuse = () => {
    throw new Error("no");
  };
  const hostile = new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse });
  const branded = { [Symbol.for("@atlas/errors/AtlasError")]: true };

  expect(analyze(hostile).code).toBe("operation.unknown");
  expect(analyze(branded).code).toBe("operation.unknown");
});

it("E2: keeps foreign messages out of the context", () => {
  const value = analyze(new Error("x", { cause: sqliteError("SQLITE_CONSTRAINT_UNIQUE") }));

  expect(JSON.stringify(value)).not.toContain("foreign text");
});

it("E2: knows cancellation and timeouts by the names the runtime gives them", () => {
  const cancelled = AbortSignal.abort();

  expect(analyze(cancelled.reason)).toMatchObject({
    code: "operation.cancelled",
    severity: "low",
    retryScope: "never",
  });
  expect(analyze(new DOMException("late", "TimeoutError"))).toMatchObject({
    code: "operation.timeout",
    retryScope: "operation",
  });
});

it("E2: takes mistakes of the program for what they are", () => {
  const error = thrownBy(() => Buffer.alloc("3" as never));

  expect(analyze(error)).toMatchObject({
    code: "operation.defect",
    source: "runtime",
    recoverable: false,
    context: { name: "TypeError", runtimeCode: "ERR_INVALID_ARG_TYPE" },
  });
});

describe("E4: SQLite result codes", () => {
  it.each([
    ["SQLITE_BUSY", "storage.busy", "statement", "none"],
    ["SQLITE_BUSY_RECOVERY", "storage.busy", "statement", "none"],
    ["SQLITE_BUSY_TIMEOUT", "storage.busy", "statement", "none"],
    ["SQLITE_PROTOCOL", "storage.busy", "statement", "none"],
    ["SQLITE_BUSY_SNAPSHOT", "storage.snapshot_stale", "transaction", "active"],
    ["SQLITE_LOCKED", "storage.locked", "never", "active"],
    ["SQLITE_LOCKED_SHAREDCACHE", "storage.locked", "never", "active"],
    ["SQLITE_FULL", "storage.disk_full", "never", "rolledBack"],
    ["SQLITE_IOERR", "storage.io_failed", "never", "unknown"],
    ["SQLITE_IOERR_FSYNC", "storage.io_failed", "never", "unknown"],
    ["SQLITE_IOERR_SHORT_READ", "storage.io_failed", "never", "unknown"],
    ["SQLITE_IOERR_SHMSIZE", "storage.disk_full", "never", "none"],
    ["SQLITE_IOERR_NOMEM", "storage.out_of_memory", "operation", "unknown"],
    ["SQLITE_NOMEM", "storage.out_of_memory", "operation", "unknown"],
    ["SQLITE_CORRUPT", "storage.corrupt", "never", "unknown"],
    ["SQLITE_CORRUPT_INDEX", "index.corrupt", "never", "active"],
    ["SQLITE_CORRUPT_VTAB", "index.corrupt", "never", "active"],
    ["SQLITE_NOTADB", "storage.not_a_database", "never", "none"],
    ["SQLITE_CONSTRAINT_UNIQUE", "storage.constraint", "never", "active"],
    ["SQLITE_CONSTRAINT", "storage.constraint", "never", "active"],
    ["SQLITE_READONLY", "storage.readonly", "never", undefined],
    ["SQLITE_READONLY_DBMOVED", "storage.readonly", "never", undefined],
    ["SQLITE_CANTOPEN_ISDIR", "storage.cannot_open", "never", "none"],
    ["SQLITE_PERM", "storage.permission_denied", "never", undefined],
    ["SQLITE_AUTH_USER", "storage.permission_denied", "never", undefined],
    ["SQLITE_TOOBIG", "storage.too_big", "never", "active"],
    ["SQLITE_SCHEMA", "storage.statement_invalid", "never", undefined],
    ["SQLITE_MISUSE", "storage.statement_invalid", "never", undefined],
    ["SQLITE_ERROR", "storage.statement_invalid", "never", undefined],
    ["SQLITE_ERROR_RETRY", "storage.busy", "statement", undefined],
    ["SQLITE_ABORT_ROLLBACK", "transaction.aborted", "transaction", "rolledBack"],
    ["SQLITE_INTERRUPT", "operation.cancelled", "never", "unknown"],
    ["SQLITE_NEW_THING", "storage.failed", "never", "unknown"],
    ["SQLITE_constructor", "storage.failed", "never", "unknown"],
    ["SQLITE_", "storage.failed", "never", "unknown"],
  ])("%s is %s, repeat %s, transaction %s", (...[sqliteCode, code, retryScope, txState]) => {
    expect(analyze(sqliteError(sqliteCode))).toMatchObject({
      source: "sqlite",
      code,
      retryScope,
      retryable: retryScope !== "never",
      txState,
      context: { sqliteCode },
    });
  });

  it("names the kind of a broken constraint", () => {
    const { context } = analyze(sqliteError("SQLITE_CONSTRAINT_FOREIGNKEY"));

    expect(context).toEqual({
      sqliteCode: "SQLITE_CONSTRAINT_FOREIGNKEY",
      constraint: "foreignkey",
    });
  });
});

describe("E4: file-system errors", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "atlas-errors-"));
    writeFileSync(join(folder, "file"), "x");
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("knows the errors node:fs really throws", () => {
    const file = join(folder, "file");

    expect(analyze(thrownBy(() => readFileSync(join(folder, "missing"))))).toMatchObject({
      source: "fileSystem",
      code: "storage.file_not_found",
      txState: undefined,
      context: { systemCode: "ENOENT", call: "open", path: join(folder, "missing") },
    });
    expect(analyze(thrownBy(() => openSync(file, "wx"))).code).toBe("storage.file_exists");
    expect(analyze(thrownBy(() => rmdirSync(folder))).code).toBe("storage.file_exists");
    expect(analyze(thrownBy(() => readFileSync(join(file, "x")))).code).toBe(
      "storage.invalid_path",
    );
  });

  it.each([
    ["ENOSPC", "storage.disk_full", "critical", false],
    ["EDQUOT", "storage.disk_full", "critical", false],
    ["EIO", "storage.io_failed", "critical", false],
    ["EACCES", "storage.permission_denied", "high", false],
    ["EPERM", "storage.permission_denied", "high", false],
    ["EROFS", "storage.readonly", "high", false],
    ["EMFILE", "storage.too_many_files", "high", true],
    ["ENFILE", "storage.too_many_files", "high", true],
    ["EBUSY", "storage.file_busy", "medium", true],
    ["ENOMEM", "storage.out_of_memory", "high", true],
  ])("%s is %s, %s, retryable: %s", (...[systemCode, code, severity, retryable]) => {
    expect(analyze(systemError(systemCode))).toMatchObject({ code, severity, retryable });
  });

  it("does not take network and process errors for errors of files", async () => {
    const server = createServer().listen(join(folder, "no", "such", "socket"));
    const [error] = (await once(server, "error")) as [unknown];

    expect(analyze(error).source).toBe("unknown");
    expect(analyze(systemError("ENOENT", "spawn git")).source).toBe("unknown");
    expect(analyze(systemError("ECONNRESET", "read")).source).toBe("unknown");
  });
});

describe("E4: schema issues", () => {
  it("knows an error by issues that carry path, code and message", () => {
    const issues = Array.from({ length: 25 }, (_, index) => ({
      path: ["tasks", index, "name"],
      code: "too_small",
      message: "private words",
    }));

    const diagnostics = analyze(Object.assign(new Error("[…]"), { name: "ZodError", issues }));

    expect(diagnostics).toMatchObject({
      source: "schema",
      code: "validation.failed",
      severity: "low",
      context: { issueCount: 25 },
    });
    expect(diagnostics.context["issues"]).toHaveLength(20);
    expect(diagnostics.context["issues"]).toContainEqual({
      path: ["tasks", "3", "name"],
      code: "too_small",
    });
    expect(JSON.stringify(diagnostics)).not.toContain("private words");
  });

  it.each([[[]], [[{ path: [], code: "x" }]], [[{ path: "a", code: "x", message: "y" }]], ["no"]])(
    "does not take %o for schema issues",
    (issues) => {
      expect(analyze(Object.assign(new Error("x"), { issues })).source).toBe("unknown");
    },
  );
});
