import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AtlasError } from "@atlas/errors";
import { defineTable, from, param, sqlQuery, type Database } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";

const items = defineTable("items", {
  columns: {
    id: { type: "integer" },
    name: { type: "text" },
    done: { type: "boolean" },
  },
  primaryKey: ["id"],
});
const above = from(items)
  .select("id", "name", "done")
  .where("id", "gt", param("least"))
  .orderBy("id")
  .build();
/** Counts for ever and returns nothing: only ending its process stops it. */
const endless = sqlQuery<{ n: number }>(
  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n",
);

async function open(
  rows: number,
  options: { readonly scanRowsMin?: number; readonly scanners?: number } = {},
): Promise<{ database: Database; [Symbol.asyncDispose](): Promise<void> }> {
  const temporary = await openTemporaryDatabase(options);
  const { database } = temporary;
  await database.write(async (connection) => {
    await connection.execute(database.dialect.createTable(items)[0]!);
    await connection.execute(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) " +
        "INSERT INTO items (id, name, done) SELECT i, 'item ' || i, i % 2 FROM n",
      [rows],
    );
  });
  return { database, [Symbol.asyncDispose]: async () => temporary[Symbol.asyncDispose]() };
}

const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return AtlasError.is(error) ? error.code : undefined;
};

async function drain<T>(chunks: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

/** The processes this one has started, as Linux tells. */
function children(): readonly number[] {
  const text = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

describe.each([
  ["in a thread", {}],
  ["in a process", { timeoutMs: 60_000 }],
] as const)("D3: a scan %s", (_, lane) => {
  test("gives the rows that all gives, in chunks of the size asked for", async () => {
    await using store = await open(1_234);
    const { database } = store;
    const expected = await database.all(above, { least: 4 });

    const chunks = await drain(
      database.scan(above, { values: { least: 4 }, chunkRows: 500, ...lane }),
    );

    expect(chunks.map(({ length }) => length)).toEqual([500, 500, 230]);
    expect(chunks.flat()).toEqual(expected);
    expect(chunks.flat()[0]).toEqual({ id: 5, name: "item 5", done: true });
  });

  test("sees one committed state, whatever is written meanwhile", async () => {
    await using store = await open(5_000);
    const { database } = store;
    let seen = 0;

    for await (const chunk of database.scan(above, {
      values: { least: 0 },
      chunkRows: 100,
      ...lane,
    })) {
      if (seen === 0) await database.write((connection) => connection.execute("DELETE FROM items"));
      seen += chunk.length;
    }

    expect(seen).toBe(5_000);
    expect(await drain(database.scan(above, { values: { least: 0 }, ...lane }))).toEqual([]);
  });

  test("ends with the loop that reads it, and the next one goes on", async () => {
    await using store = await open(20_000, { scanners: 1 });
    const { database } = store;

    for await (const chunk of database.scan(above, {
      values: { least: 0 },
      chunkRows: 10,
      ...lane,
    })) {
      expect(chunk).toHaveLength(10);
      break;
    }
    const rest = await drain(database.scan(above, { values: { least: 19_995 }, ...lane }));

    expect(rest.flat()).toHaveLength(5);
  });

  test("lets the event loop run while the database works", async () => {
    await using store = await open(100);
    const counting = sqlQuery<{ n: number }>(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) " +
        "SELECT count(*) AS n FROM n",
    );
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);

    const rows = await drain(store.database.scan(counting, { ...lane }));
    clearInterval(ticking);

    expect(rows).toEqual([[{ n: 1_000_000 }]]);
    expect(turns).toBeGreaterThan(5);
  });

  test("tells what is wrong with a query, and goes on after it", async () => {
    await using store = await open(10, { scanners: 1 });
    const { database } = store;
    const scan = (sql: string): AsyncIterable<unknown> =>
      database.scan({ sql, params: [] }, { ...lane });

    expect(await codeOf(drain(scan("SELECT nothing FROM items")))).toBe(
      "storage.statement_invalid",
    );
    expect(await codeOf(drain(scan("DELETE FROM items")))).toBeDefined();
    expect(await codeOf(drain(scan("SELECT 9007199254740993 AS big")))).toBe(
      "storage.integer_too_large",
    );
    expect(await drain(scan("SELECT 9007199254740991 AS n"))).toEqual([[{ n: 2 ** 53 - 1 }]]);
    expect(await database.all(above, { least: 0 })).toHaveLength(10);
  });

  test("waits its turn, and not for ever", async () => {
    await using store = await open(1_000, { scanners: 1 });
    const { database } = store;
    const first = database
      .scan(above, { values: { least: 0 }, chunkRows: 10, ...lane })
      [Symbol.asyncIterator]();
    await first.next();

    const late = database.scan(above, { values: { least: 0 }, acquireTimeoutMs: 20, ...lane });
    expect(await codeOf(drain(late))).toBe("storage.acquire_timeout");
    const patient = drain(database.scan(above, { values: { least: 990 }, ...lane }));
    await first.return?.();

    expect((await patient).flat()).toHaveLength(10);
  });
});

describe("D3: a query that has to be stopped", () => {
  test("is stopped by its signal in the middle of a step that returns nothing", async () => {
    await using store = await open(10, { scanners: 1 });
    const { database } = store;
    const stop = new AbortController();

    const running = codeOf(drain(database.scan(endless, { signal: stop.signal })));
    await sleep(100);
    stop.abort();

    expect(await running).toBe("operation.cancelled");
    const after = database.scan(above, {
      values: { least: 0 },
      signal: new AbortController().signal,
    });
    expect((await drain(after)).flat()).toHaveLength(10);
  });

  test("is stopped when its time is over", async () => {
    await using store = await open(10);

    const outcome = codeOf(drain(store.database.scan(endless, { timeoutMs: 100 })));

    expect(await outcome).toBe("storage.query_timeout");
  });

  test("does not begin when its signal has fired", async () => {
    await using store = await open(10);

    const outcome = codeOf(drain(store.database.scan(endless, { signal: AbortSignal.abort() })));

    expect(await outcome).toBe("operation.cancelled");
  });

  test.runIf(process.platform === "linux")("is told when its process dies", async () => {
    await using store = await open(10);
    const before = children();

    const running = codeOf(drain(store.database.scan(endless, { timeoutMs: 60_000 })));
    await expect.poll(() => children().length).toBeGreaterThan(before.length);
    for (const pid of children()) if (!before.includes(pid)) process.kill(pid, "SIGKILL");

    expect(await running).toBe("storage.scan_failed");
  });
});

test.runIf(process.platform === "linux")(
  "D3: the process of a scan does not outlive the one that started it",
  async () => {
    await using store = await open(10);
    const script = fileURLToPath(new URL("fixtures/scan-for-ever.ts", import.meta.url));
    const parent = spawn(
      process.execPath,
      ["--conditions=@atlas/source", script, store.database.location],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const scanner = Number(line.toString());
    expect(existsSync(`/proc/${scanner}`)).toBe(true);

    parent.kill("SIGKILL");

    await expect.poll(() => existsSync(`/proc/${scanner}`), { timeout: 10_000 }).toBe(false);
  },
  20_000,
);

describe("D3: what visits many rows leaves this thread by itself", () => {
  const everything = from(items).select("id", "name", "done").build();
  const count = sqlQuery<{ n: number }>("SELECT count(*) AS n FROM items");
  const one = from(items).select("name").where("id", "eq", param("id")).build();
  const few = sqlQuery<{ id: number }>("SELECT id FROM items LIMIT 3");

  test("get and all of a large table run elsewhere, and answer the same", async () => {
    await using store = await open(5_000, { scanRowsMin: 1_000 });
    const { database } = store;

    expect(await database.all(everything)).toHaveLength(5_000);
    expect(await database.get(count)).toEqual({ n: 5_000 });

    expect(database.statistics().scans).toBe(2);
  });

  test("searches, limits and small tables stay here", async () => {
    await using store = await open(5_000, { scanRowsMin: 1_000 });
    await using small = await open(500, { scanRowsMin: 1_000 });

    expect(await store.database.get(one, { id: 7 })).toEqual({ name: "item 7" });
    expect(await store.database.all(few)).toHaveLength(3);
    expect(await small.database.all(everything)).toHaveLength(500);

    expect(store.database.statistics().scans + small.database.statistics().scans).toBe(0);
  });

  test("a table that has grown is noticed, and 0 keeps everything here", async () => {
    await using store = await open(500, { scanRowsMin: 1_000 });
    await using never = await open(5_000, { scanRowsMin: 0 });
    const { database } = store;
    await database.get(count);
    await database.write((connection) =>
      connection.execute("INSERT INTO items SELECT id + 500, name, done FROM items"),
    );

    await database.get(count);

    expect(database.statistics().scans).toBe(1);
    await never.database.get(count);
    expect(never.database.statistics().scans).toBe(0);
  });

  test("the answer of ANALYZE is believed", async () => {
    await using store = await open(1_500, { scanRowsMin: 1_000 });
    const { database } = store;
    await database.write(async (connection) => {
      await connection.execute("DELETE FROM items WHERE id < 1400");
      await connection.execute("ANALYZE");
    });

    await database.get(count);

    expect(database.statistics().scans).toBe(0);
  });
});

describe("D3: bad options of a scan", () => {
  test.for([
    [{ chunkRows: 0 }, "configuration.invalid_option"],
    [{ timeoutMs: 0 }, "configuration.invalid_option"],
    [{ chunks: 3 }, "configuration.unknown_option"],
  ] as const)("%o is refused at once", async ([options, code]) => {
    await using store = await open(1);

    expect(() => store.database.scan(endless, options as object)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("a closed database scans no more", async () => {
    const temporary = await openTemporaryDatabase();
    await temporary[Symbol.asyncDispose]();

    expect(await codeOf(drain(temporary.database.scan(endless, {})))).toBe("storage.closed");
  });
});
