import { describe, expect, test } from "vitest";
import type { Application } from "../src/application.ts";
import { createProgressBar } from "../src/cli/progress-bar.ts";
import { plainMcpFlags } from "../src/cli/plain-mcp-flags.ts";
import { nearestName } from "../src/config/nearest-name.ts";
import { logFailure } from "../src/mcp/log-failure.ts";
import { openLazily } from "../src/open-application.ts";
import { createRunningCalls } from "../src/running-calls.ts";
import { createLogger } from "@atlas/monitoring";
import { AtlasError } from "@atlas/errors";

describe("the nearest name", () => {
  test.each([
    ["staus", "status"],
    ["STATUS", "status"],
    ["if-version", "if_version"],
    ["dependencys", "dependencies"],
    ["colour", undefined],
  ])("of %s is %s", (given, expected) => {
    const known = ["status", "if_version", "dependencies", "limit"];

    expect(nearestName(given, known)).toBe(expected);
  });
});

describe("calls that run", () => {
  test("a stop waits for them and refuses new ones", async () => {
    const calls = createRunningCalls();
    let finish = (): void => {};
    const running = calls.track(
      () => new Promise<string>((resolve) => (finish = () => resolve("done"))),
    );

    const stopped = calls.stop(10_000);
    const refused = calls.track(() => Promise.resolve());
    finish();

    await expect(refused).rejects.toMatchObject({ code: "operation.stopping", retryable: true });
    await expect(running).resolves.toBe("done");
    await expect(stopped).resolves.toBe(true);
  });

  test("a stop does not wait longer than it may", async () => {
    const calls = createRunningCalls();
    void calls.track(() => new Promise(() => {}));

    await expect(calls.stop(10)).resolves.toBe(false);
  });

  test("a failed call is over as well", async () => {
    const calls = createRunningCalls();
    await calls.track(() => Promise.reject(new Error("no"))).catch(() => {});

    await expect(calls.stop(10_000)).resolves.toBe(true);
  });
});

describe("an application that is opened when it is needed", () => {
  // Only its identity and its end matter here.
  const application = (onClose: () => void): Application =>
    ({
      [Symbol.asyncDispose]: () => Promise.resolve(onClose()),
    }) as Partial<Application> as Application;

  test("is opened once, however many ask, and closed at the end", async () => {
    let opened = 0;
    let closed = 0;
    const lazy = openLazily(
      () => {
        opened += 1;
        return Promise.resolve(application(() => (closed += 1)));
      },
      () => {},
    );

    const [first, second] = await Promise.all([lazy.get(), lazy.get()]);
    await lazy[Symbol.asyncDispose]();

    expect(first).toBe(second);
    expect([opened, closed]).toEqual([1, 1]);
  });

  test("is tried again after a failure, which everybody who asked hears of", async () => {
    const failures: unknown[] = [];
    let isBroken = true;
    const lazy = openLazily(
      () => (isBroken ? Promise.reject(new Error("full")) : Promise.resolve(application(() => {}))),
      (error) => void failures.push(error),
    );

    const asked = [lazy.get(), lazy.get()];
    await expect(asked[0]).rejects.toThrow("full");
    await expect(asked[1]).rejects.toThrow("full");
    isBroken = false;
    await expect(lazy.get()).resolves.toBeDefined();
    expect(failures).toHaveLength(1);
  });

  test("that was never asked for is not opened to be closed", async () => {
    const lazy = openLazily(
      () => Promise.reject(new Error("never")),
      () => {},
    );

    await expect(lazy[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});

describe("the progress bar", () => {
  test("draws on a terminal, not more often than the eye can follow, and wipes its line", () => {
    const written: string[] = [];
    let now = 0;
    {
      using bar = createProgressBar(
        "Importing",
        { isTTY: true, write: (text) => written.push(text) },
        () => now,
      );
      bar.update(1, 4);
      now = 50;
      bar.update(2, 4);
      now = 150;
      bar.update(4, 4);
    }

    expect(written).toHaveLength(3);
    expect(written[0]).toContain("Importing ███████░");
    expect(written[1]).toMatch(/█{30} 4\/4$/);
    expect(written[2]).toBe("\r\u001B[2K");
  });

  test("draws nothing anywhere else", () => {
    const written: string[] = [];
    {
      using bar = createProgressBar("x", { write: (text) => written.push(text) });
      bar.update(1, 2);
    }

    expect(written).toEqual([]);
  });
});

describe("the short way to `atlas mcp`", () => {
  test.each([
    [["mcp"], {}],
    [["mcp", "--data", "x", "--log-level=debug"], { logLevel: "debug" }],
    [
      ["--config", "c.json", "mcp", "--stdio-lease-ms", "5000"],
      { config: "c.json", stdioLeaseMs: "5000" },
    ],
  ])("takes %j", (argv, flags) => {
    expect(plainMcpFlags(argv)).toEqual(flags);
  });

  test.each([
    [["mcp", "--help"]],
    [["mcp", "--json"]],
    [["serve"]],
    [["task", "mcp"]],
    [["mcp", "--x"]],
    [[]],
  ])("leaves %j to the whole command line", (argv) => {
    expect(plainMcpFlags(argv)).toBeUndefined();
  });
});

test("failures of the caller are logged quietly, those of Atlas loudly", () => {
  const lines: string[] = [];
  const logger = createLogger((line) => void lines.push(line), { level: "debug" });

  logFailure(logger, "task_get", new AtlasError("task.not_found", "No.", { severity: "low" }));
  logFailure(logger, "task_get", new TypeError("defect"));

  const levels = lines.map((line) => (JSON.parse(line) as { level: string }).level);
  expect(levels).toEqual(["debug", "error"]);
});
