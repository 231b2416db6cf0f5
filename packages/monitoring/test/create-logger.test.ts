import { AtlasError } from "@atlas/errors";
import {
  createLogger,
  loggerDefaults,
  logLevels,
  monitoringErrorCodes,
  redactedFields,
  type Logger,
  type LoggerOptions,
} from "@atlas/monitoring";
import { describe, expect, it } from "vitest";

function collect(options: LoggerOptions = {}): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger((line) => lines.push(line), { clock: () => 0, ...options });
  return { logger, lines };
}

function parse(line: string | undefined): Record<string, unknown> {
  return JSON.parse(line ?? "null") as Record<string, unknown>;
}

it("M7: are one JSON object each, with time, level and message first", () => {
  const { logger, lines } = collect();

  logger.info("two\nlines\u2028", { count: 3, list: [1n], none: undefined });

  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"two\\nlines\u2028",' +
      '"count":3,"list":["1"]}\n',
  ]);
});

it("M7: carry the fields of the logger, its parents and the call, the nearest one winning", () => {
  const { logger, lines } = collect({ fields: { app: "atlas", part: "root" } });

  logger.child({ part: "child", task: 1 }).child({ deep: true }).warn("x", { task: 2 });

  expect(parse(lines[0])).toMatchObject({ app: "atlas", part: "child", task: 2, deep: true });
});

it("M7: keep their own fields when a caller's have the same names", () => {
  const { logger, lines } = collect();

  logger.error("real", { level: "fake", message: "fake", time: 1, truncated: false });

  expect(parse(lines[0])).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    level: "error",
    message: "real",
    level_: "fake",
    message_: "fake",
    time_: 1,
    truncated_: false,
  });
});

it("M7: take their fields at the time of the call", () => {
  const fields = { state: "before" };
  const { logger, lines } = collect({ fields });

  fields.state = "after";
  logger.info("x");

  expect(parse(lines[0])["state"]).toBe("before");
});

it("M7: say of an error its code, stack and causes", () => {
  const { logger, lines } = collect();
  const cause = new TypeError("deep", { cause: "text" });

  logger.error("failed", {
    error: new AtlasError("task.cycle", "A cycle.", { details: { at: 1n }, cause }),
    plain: new Error("plain", { cause: undefined }),
  });

  const { error, plain } = parse(lines[0]) as Record<string, Record<string, unknown>>;
  expect(error).toMatchObject({
    code: "task.cycle",
    severity: "medium",
    name: "AtlasError",
    message: "A cycle.",
    context: { at: "1" },
    causes: ["TypeError: deep", "[string]"],
  });
  expect(error?.["stack"]).toContain("create-logger.test.ts");
  expect(plain).toMatchObject({ code: "operation.unknown", message: "plain" });
  expect(plain).not.toHaveProperty("causes");
});

it("M7: name the transaction state where the error knows it, and five causes at most", () => {
  const { logger, lines } = collect();
  let cause = new Error("bottom");
  for (let depth = 0; depth < 9; depth += 1) cause = new Error(`cause ${depth}`, { cause });

  logger.error("x", { error: new AtlasError("storage.busy", "…", { cause, txState: "active" }) });

  const { error } = parse(lines[0]) as { error: { txState: string; causes: string[] } };
  expect(error.txState).toBe("active");
  expect(error.causes).toHaveLength(5);
});

describe("M7: levels", () => {
  it.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
    ["silent", []],
  ] as const)("at %s these are written: %j", (level, written) => {
    const { logger, lines } = collect({ level });

    logger.debug("x");
    logger.info("x");
    logger.warn("x");
    logger.error("x");

    expect(lines.map((line) => parse(line)["level"])).toEqual(written);
    expect(logLevels.filter((each) => logger.isEnabled(each))).toEqual(written);
  });

  it("begin at info when nothing is said", () => {
    expect(loggerDefaults).toEqual({ level: "info", lineBytesMax: 16_384 });
    expect(collect().logger.isEnabled("debug")).toBe(false);
  });

  it("that do not exist are refused", () => {
    expect(Object.keys(monitoringErrorCodes)).toEqual(["configuration.unknown_log_level"]);
    expect(() => collect({ level: "loud" as "info" })).toThrow(
      expect.objectContaining({ code: "configuration.unknown_log_level" }),
    );
  });
});

describe("M7: redaction", () => {
  it("hides the usual names at any depth, however they are written", () => {
    const { logger, lines } = collect({ redact: ["ssn"] });

    logger.info("x", {
      Password: "p",
      headers: { "set-cookie": "c", AUTHORIZATION: "a", api_key: "k", accept: "yes" },
      list: [{ ssn: 1 }],
      error: new AtlasError("session.denied", "…", { details: { token: "t" } }),
    });

    expect(parse(lines[0])).toMatchObject({
      Password: "[redacted]",
      headers: {
        "set-cookie": "[redacted]",
        AUTHORIZATION: "[redacted]",
        api_key: "[redacted]",
        accept: "yes",
      },
      list: [{ ssn: "[redacted]" }],
      error: { context: { token: "[redacted]" } },
    });
  });

  it.each(redactedFields)("hides %s", (name) => {
    const { logger, lines } = collect();

    logger.info("x", { [name]: "visible" });

    expect(lines[0]).not.toContain("visible");
  });
});

const big = { text: "ü".repeat(5_000), list: Array.from({ length: 90 }, (_, at) => ({ at })) };

it.each([512, 1_000, 4_000, 8_000, 16_384])(
  "M7: no line is longer than %i bytes",
  (lineBytesMax) => {
    const { logger, lines } = collect({ lineBytesMax });

    logger.info("\u0000".repeat(50_000), big);
    logger.info("short", big);

    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(lineBytesMax);
      expect(line.endsWith("\n")).toBe(true);
      expect(parse(line)).toHaveProperty("message");
    }
    expect(parse(lines[0])["truncated"]).toBe(true);
  },
);

it("M7: a line that fits is not cut", () => {
  const { logger, lines } = collect();

  logger.info("short", big);

  expect(parse(lines[0])).toMatchObject(big);
  expect(parse(lines[0])).not.toHaveProperty("truncated");
});

it("M7: a longer line loses depth and width before it loses fields", () => {
  const { logger, lines } = collect({ lineBytesMax: 4_000 });

  logger.info("short", big);

  const line = parse(lines[0]);
  expect(line["truncated"]).toBe(true);
  expect(line["list"]).toHaveLength(31);
  expect(line["text"]).toHaveLength(1_025);
});

it("M7: a writer that throws costs lines, not the program", () => {
  const logger = createLogger(() => {
    throw new Error("the pipe is closed");
  });

  logger.info("x");
  logger.child({ a: 1 }).error("y");

  expect(logger.dropped).toBe(2);
  expect(logger.child({}).dropped).toBe(2);
});

it("M7: fields that throw when they are read do not reach the program", () => {
  const { logger, lines } = collect();
  const hostile = new Error("x");
  Object.defineProperty(hostile, "stack", {
    get: () => {
      throw new Error("no");
    },
  });
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;

  logger.info("x", { hostile, cycle });

  expect(parse(lines[0])).toMatchObject({
    hostile: "[unreadable]",
    cycle: { self: "[circular]" },
  });
});

it.each([
  [{ lineBytesMax: 511 }, "configuration.invalid_option"],
  [{ lineBytesMax: 1_048_577 }, "configuration.invalid_option"],
  [{ levle: "info" }, "configuration.unknown_option"],
])("M7: refuses the options %o", (options, code) => {
  expect(() => createLogger(() => {}, options as object)).toThrow(
    expect.objectContaining({ code }),
  );
});
