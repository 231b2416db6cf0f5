import { setImmediate as nextTurn } from "node:timers/promises";
import { sqlQuery, type Database } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";

const one = sqlQuery<{ one: number }>("select 1 as one");

/** Reads twice and notes when it began and ended. */
const readTwice = (database: Database, name: string, notes: string[]): Promise<void> =>
  database.read(async (reader) => {
    notes.push(`${name} begins`);
    await reader.get(one);
    await reader.get(one);
    notes.push(`${name} ends`);
  });

describe("D3, Q2: readers take turns on the one thread there is", () => {
  test("a body that waits for nothing else ends before the next one begins", async () => {
    await using temporary = await openTemporaryDatabase({ readers: 4 });
    const notes: string[] = [];

    await Promise.all(["a", "b", "c"].map((name) => readTwice(temporary.database, name, notes)));

    expect(notes).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  test("one that waits for something else lets the others begin", async () => {
    await using temporary = await openTemporaryDatabase({ readers: 2 });
    const { database } = temporary;
    const notes: string[] = [];
    const gate = Promise.withResolvers<void>();

    const waiting = database.read(async (reader) => {
      await gate.promise;
      await reader.get(one);
      notes.push("waited");
    });
    await Promise.all(["a", "b"].map((name) => readTwice(database, name, notes)));
    gate.resolve();
    await waiting;

    expect(notes).toEqual(["a begins", "a ends", "b begins", "b ends", "waited"]);
  });

  test("all of a pool can be held at once", async () => {
    await using temporary = await openTemporaryDatabase({ readers: 3 });
    const { pool } = temporary.database;

    const readers = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);

    expect(pool.status()).toMatchObject({ total: 3, active: 3, idle: 0, waitingRequests: 0 });
    for (const reader of readers) pool.release(reader);
    await nextTurn();
    expect(pool.status()).toMatchObject({ active: 0, idle: 3 });
  });

  test("nobody holds a reader for the time that others take", async () => {
    let now = 0;
    await using temporary = await openTemporaryDatabase({
      readers: 4,
      connectionMetrics: "timed",
      clock: () => now,
      healthCheckMs: 0,
    });
    const { database } = temporary;
    const before = database.connections.getMetrics();

    await Promise.all(
      Array.from({ length: 8 }, () =>
        database.read(async (reader) => {
          await reader.get(one);
          now += 1;
        }),
      ),
    );

    expect(database.connections.getMetrics().heldMs - before.heldMs).toBe(8);
  });
});
