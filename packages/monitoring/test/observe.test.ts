import { AtlasError } from "@atlas/errors";
import {
  createLogger,
  createMetricsRegistry,
  observeAsLogs,
  observeAsMetrics,
  observeWithAll,
  type ObserveAsLogsOptions,
} from "@atlas/monitoring";
import { expect, it } from "vitest";

function linesOf(
  events: readonly { readonly type: string }[],
  options: ObserveAsLogsOptions,
): unknown[] {
  const lines: unknown[] = [];
  const write = (line: string) => lines.push(JSON.parse(line));
  const observe = observeAsLogs(createLogger(write, { level: "debug", clock: () => 0 }), options);
  for (const event of events) observe(event);
  return lines;
}

it("M3: an event becomes a line with its type as message", () => {
  const events = [{ type: "opened", path: "/x", readers: 4 }];

  expect(linesOf(events, { source: "storage" })).toEqual([
    {
      time: "1970-01-01T00:00:00.000Z",
      level: "debug",
      message: "storage.opened",
      path: "/x",
      readers: 4,
    },
  ]);
});

it("M3: a type that names its source already is left as it is", () => {
  const events = [{ type: "storage.opened" }, { type: "storages" }];

  expect(linesOf(events, { source: "storage" })).toMatchObject([
    { message: "storage.opened" },
    { message: "storage.storages" },
  ]);
  expect(linesOf(events, {})).toMatchObject([
    { message: "storage.opened" },
    { message: "storages" },
  ]);
});

it("M3: errors are lines of level warn unless a type has a level of its own", () => {
  const error = new AtlasError("storage.busy", "…");
  const events = [{ type: "a", error }, { type: "b", error }, { type: "c" }, { type: "d" }];
  const options = { levels: { b: "error", c: "info" }, level: "debug" } as const;

  expect(linesOf(events, options)).toMatchObject([
    { level: "warn", error: { code: "storage.busy" } },
    { level: "error" },
    { level: "info" },
    { level: "debug" },
  ]);
  expect(linesOf(events, { errorLevel: "info" })[0]).toMatchObject({ level: "info" });
});

it("M3: a level that is not written costs nothing", () => {
  const lines: string[] = [];
  const observe = observeAsLogs(createLogger((line) => lines.push(line)));

  observe({ type: "quiet" });

  expect(lines).toEqual([]);
});

it("M2: an event is counted and its numbers become histograms", () => {
  const metrics = createMetricsRegistry();
  const observe = observeAsMetrics(metrics, { source: "transaction", labels: ["mode", "grouped"] });

  for (const durationMs of [1, 2, 3]) {
    observe({ type: "commit", durationMs, mode: "write", grouped: true, id: "t1" } as never);
  }

  const labels = { mode: "write", grouped: "true" };
  expect(metrics.snapshot()).toMatchObject({
    counters: [{ name: "transaction.commit", labels, value: 3 }],
    histograms: [{ name: "transaction.commit.durationMs", labels, count: 3, sum: 6, min: 1 }],
  });
});

it("M3: errors are counted by event and code", () => {
  const metrics = createMetricsRegistry();
  const observe = observeAsMetrics(metrics);

  observe({ type: "sync_failed", error: new AtlasError("storage.io_failed", "…") } as never);
  observe({ type: "sync_failed", error: "?" } as never);
  observe({ type: "fine", error: undefined } as never);

  expect(metrics.snapshot().counters).toMatchObject([
    { name: "errors", labels: { code: "operation.unknown", event: "sync_failed" }, value: 1 },
    { name: "errors", labels: { code: "storage.io_failed", event: "sync_failed" }, value: 1 },
    { name: "fine", value: 1 },
    { name: "sync_failed", value: 2 },
  ]);
});

it("M3: an observer that throws does not keep the event from the others", () => {
  const seen: string[] = [];
  const observe = observeWithAll(
    () => {
      throw new Error("broken");
    },
    ({ type }) => seen.push(type),
  );

  observe({ type: "a" });

  expect(seen).toEqual(["a"]);
});

it("M3: misspelt options are refused", () => {
  const logger = createLogger(() => {});

  expect(() => observeAsLogs(logger, { lvl: "info" } as object)).toThrow(/has no option "lvl"/);
  expect(() => observeAsMetrics(createMetricsRegistry(), { label: [] } as object)).toThrow(
    /has no option "label"/,
  );
});
