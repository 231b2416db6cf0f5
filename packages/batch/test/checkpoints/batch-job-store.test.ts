import {
  type BatchStrategy,
  createBatchCoordinator,
  createTransactionalBatchProcessor,
  type ProcessorOptions,
} from "@atlas/batch";
import { type BatchJobStore, createBatchJobStore } from "@atlas/batch/checkpoints";
import { AtlasError } from "@atlas/errors";
import type { Transaction } from "@atlas/transaction";
import { recover } from "@atlas/transaction/recovery";
import { describe, expect, it } from "vitest";
import { acceptAll } from "../../src/accept-all.ts";
import { openStore, type Store } from "../fixtures/open-store.ts";

const coordinator = createBatchCoordinator({ sleep: () => Promise.resolve() });
const texts = Array.from({ length: 1_000 }, (_, at) => `text ${at}`);

function jobsOf(
  { transactions, dialect }: Store,
  options: { readonly holder?: string; readonly clock?: () => number } = {},
): BatchJobStore {
  return createBatchJobStore(transactions, { dialect, leaseMs: 60_000, ...options });
}

function optionsOf(
  store: Store,
  jobs: BatchJobStore,
  id = "import",
): ProcessorOptions<string, string, Transaction> {
  const processor = createTransactionalBatchProcessor<string, string, Transaction>({
    atomic: (body) => store.transactions.atomic(body),
    validate: acceptAll,
  });
  const keyOf = (text: string): string => text;
  return { processor, checkpoint: jobs.checkpoint(id), keyOf, batchSize: 10 };
}

async function insert(
  text: string,
  { transaction }: { readonly transaction: Transaction },
): Promise<void> {
  await transaction.execute("INSERT INTO entry VALUES (?)", [text]);
}

/** Stops in the middle, as a process does that is asked to end. */
function insertUntil(index: number, controller: AbortController): typeof insert {
  return async (text, context) => {
    await insert(text, context);
    if (text === `text ${index}`) controller.abort();
  };
}

describe("B6: a job with checkpoints", () => {
  it.each<BatchStrategy>(["sequential", "concurrent", "adaptive"])(
    "that was stopped goes on where it was: %s",
    async (strategy) => {
      await using store = await openStore();
      const jobs = jobsOf(store);
      const options = { ...optionsOf(store, jobs), strategy };
      const controller = new AbortController();

      const first = await coordinator.process(texts, insertUntil(333, controller), {
        ...options,
        signal: controller.signal,
      });
      const [stopped] = await jobs.list();
      const done: string[] = [];
      const second = await coordinator.process(
        texts,
        async (text, context) => {
          done.push(text);
          await insert(text, context);
        },
        options,
      );

      expect(first.stopped).toBe("cancelled");
      expect(stopped).toMatchObject({ state: "stopped", succeeded: first.counts.succeeded });
      expect(done).toHaveLength(1_000 - first.counts.succeeded);
      expect(second).toMatchObject({ ok: true, counts: { total: 1_000, succeeded: 1_000 } });
      expect((await store.stored()).length).toBe(1_000);
      expect(await jobs.list({ state: "completed" })).toMatchObject([
        { id: "import", settledTo: 1_000 },
      ]);
    },
  );

  it("that is completed does nothing and answers with its counts and failures", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    const bad: typeof insert = async (text, context) => {
      if (text === "text 7") throw new AtlasError("task.bad", "The text is refused.");
      await insert(text, context);
    };

    await coordinator.process(texts, bad, optionsOf(store, jobs));
    const again = await coordinator.process(texts, bad, optionsOf(store, jobs));

    expect(again).toMatchObject({
      ok: false,
      counts: { total: 1_000, succeeded: 999, failed: 1 },
      failures: [{ index: 7, key: "text 7", status: "failed", error: { code: "task.bad" } }],
      errors: [{ code: "task.bad", count: 1, firstIndex: 7 }],
    });
    expect((await store.stored()).length).toBe(999);
  });

  it("counts an item as done only when its batch was committed", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    const processor = createTransactionalBatchProcessor<string, string, Transaction>({
      atomic: (body) => store.transactions.atomic(body),
      validate: acceptAll,
      updateIndexes: (changes) => {
        if (changes.some(({ item }) => item === "text 15")) {
          throw new AtlasError("index.refused", "No.");
        }
      },
    });
    const options = { ...optionsOf(store, jobs), processor };

    const first = await coordinator.process(texts, insert, options);
    const second = await coordinator.process(texts, insert, optionsOf(store, jobs));

    expect(first.counts).toMatchObject({ succeeded: 990, rolledBack: 10 });
    expect(second.counts).toMatchObject({ succeeded: 1_000, rolledBack: 0 });
    expect((await store.stored()).length).toBe(1_000);
  });

  it("all or nothing is done once", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    const options = { ...optionsOf(store, jobs), mode: "all-or-nothing" } as const;

    await coordinator.process(texts, insert, options);
    const again = await coordinator.process(texts, insert, options);

    expect([again.ok, again.counts.succeeded]).toEqual([true, 1_000]);
    expect((await store.stored()).length).toBe(1_000);
  });
});

describe("B6: the input of a job that goes on", () => {
  const stoppedAt = async (store: Store, jobs: BatchJobStore): Promise<void> => {
    const controller = new AbortController();
    const options = { ...optionsOf(store, jobs), signal: controller.signal };
    await coordinator.process(texts, insertUntil(555, controller), options);
  };

  it.each([
    ["another item at the beginning", texts.with(3, "text three")],
    ["two items exchanged", texts.with(40, "text 41").with(41, "text 40")],
    ["fewer items than were done", texts.slice(0, 300)],
    ["no items", []],
  ])("is refused when it has %s, and nothing is processed", async (_, input) => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    await stoppedAt(store, jobs);
    const before = (await store.stored()).length;

    const result = await coordinator.process(input, insert, optionsOf(store, jobs));

    expect(result).toMatchObject({
      ok: false,
      stopped: "inputFailed",
      stopError: { code: "batch.input_differs" },
    });
    expect((await store.stored()).length).toBe(before);
    expect((await jobs.list())[0]?.state).toBe("stopped");
  });

  it("may not be the retry items of a result", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    const { retryItems } = await coordinator.process(["a"], () => {
      throw new Error("no");
    });

    await expect(
      coordinator.process(retryItems, insert, optionsOf(store, jobs)),
    ).rejects.toMatchObject({ code: "batch.input_differs" });
  });
});

describe("B6: who works on a job", () => {
  it("is one run at a time, in one process and in several", async () => {
    await using store = await openStore();
    const [mine, other] = [jobsOf(store), jobsOf(store)];
    const job = coordinator.start(texts, insert, optionsOf(store, mine));
    await job.pause();

    for (const jobs of [mine, other]) {
      await expect(
        coordinator.process(texts, insert, optionsOf(store, jobs)),
      ).rejects.toMatchObject({ code: "batch.job_taken" });
    }
    await expect(other.remove("import")).rejects.toMatchObject({ code: "batch.job_taken" });
    job.resume();

    expect((await job.result).ok).toBe(true);
    await other.remove("import");
    expect(await mine.list()).toEqual([]);
  });

  it("is the one with the newest token: who was taken over writes no more", async () => {
    await using store = await openStore();
    let now = 1_000;
    const clock = (): number => now;
    const [slow, other] = [jobsOf(store, { clock }), jobsOf(store, { clock })];
    const job = coordinator.start(texts, insert, optionsOf(store, slow));
    await expect.poll(async () => (await slow.list())[0]?.state).toBe("running");
    await job.pause();
    now += 60_001;

    const taken = await coordinator.process(texts, insert, optionsOf(store, other));
    job.resume();
    const lost = await job.result;

    expect(taken.ok).toBe(true);
    expect(lost).toMatchObject({ stopped: "failed", stopError: { code: "batch.job_lost" } });
    expect((await store.stored()).length).toBe(1_000);
    expect((await slow.list())[0]).toMatchObject({ state: "completed", succeeded: 1_000 });
  });

  it("is told by a recovery, which frees what an ended process has left", async () => {
    await using store = await openStore();
    const ended = jobsOf(store, { holder: "server" });
    const run = await ended.checkpoint("import").begin();
    const restarted = jobsOf(store, { holder: "server" });

    const report = await recover([restarted.recoverable]);

    expect(report.parts).toMatchObject([
      { name: "batch jobs", finding: { notes: [expect.stringContaining('"import"')] } },
    ]);
    expect(await restarted.list()).toMatchObject([{ id: "import", state: "stopped" }]);
    await run.end();
    expect((await restarted.list())[0]?.state).toBe("stopped");
  });

  it("is nobody when the input turns out to be none", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    const options = optionsOf(store, jobs);

    await expect(coordinator.process(7 as never, insert, options)).rejects.toThrow(TypeError);

    expect((await coordinator.process(["a"], insert, options)).ok).toBe(true);
  });

  it("keeps its lease while a batch takes long", async () => {
    await using store = await openStore();
    const { transactions, dialect } = store;
    const jobs = createBatchJobStore(transactions, { dialect, leaseMs: 100 });
    const run = await jobs.checkpoint("import").begin();
    const before = (await jobs.list())[0]!.expiresAt;

    await expect.poll(async () => (await jobs.list())[0]!.expiresAt).toBeGreaterThan(before);
    await run.end();
  });

  it("knows of no job in a store that has never had one", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);

    expect(await jobs.list()).toEqual([]);
    expect(await jobs.prune(new Date())).toBe(0);
    await jobs.remove("none");
    expect((await jobs.recoverable.recover()).notes).toEqual([]);
  });

  it("makes its table again when the transaction around its first job was undone", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    const undone = store.transactions.atomic(async () => {
      await coordinator.process(["a"], insert, optionsOf(store, jobs));
      throw new Error("give up");
    });

    await expect(undone).rejects.toThrow("give up");
    const result = await coordinator.process(["a"], insert, optionsOf(store, jobs));
    expect(result.counts.succeeded).toBe(1);
  });

  it("forgets completed jobs on request", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store, { clock: () => 1_000 });
    await coordinator.process(["a"], insert, optionsOf(store, jobs));

    expect(await jobs.prune(new Date(1_000))).toBe(0);
    expect(await jobs.prune(new Date(1_001))).toBe(1);
    expect(await jobs.list()).toEqual([]);
  });

  it("finds out that a checkpoint was tampered with", async () => {
    await using store = await openStore();
    const jobs = jobsOf(store);
    await coordinator.process(["a"], insert, optionsOf(store, jobs));
    await store.transactions.connection.execute("UPDATE atlas_batch_job SET done = '5-1'");

    await expect(coordinator.process(["a"], insert, optionsOf(store, jobs))).rejects.toMatchObject({
      code: "batch.checkpoint_invalid",
    });
  });
});
