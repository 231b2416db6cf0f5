import { open } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { openBlobs, writeBlob } from "./fixtures/blobs.ts";

describe("D6: verify", () => {
  test("finds the log as it was written", async () => {
    await using store = await openBlobs();
    for (let i = 0; i < 30; i += 1) await writeBlob(store.database);

    const found = await store.database.wal.verify();

    const { frames } = store.database.wal.monitor();
    expect(found).toEqual({ ok: true, frames, validFrames: frames });
    expect(frames).toBeGreaterThan(300);
  });

  test("an empty log is sound", async () => {
    await using store = await openBlobs();
    await store.database.wal.cleanup();

    expect(await store.database.wal.verify()).toEqual({ ok: true, frames: 0, validFrames: 0 });
  });

  test("says nothing of a log that nobody could look at", async () => {
    await using store = await openBlobs({ readers: 1 });
    const { database } = store;
    using reader = await database.pool.acquire();
    expect(reader.id).toBe("reader-1");

    await database.write(async () => {
      await expect(database.wal.verify()).rejects.toMatchObject({ code: "storage.busy" });
    });
  });

  test("names the first frame that is not what was written", async () => {
    await using store = await openBlobs();
    for (let i = 0; i < 5; i += 1) await writeBlob(store.database);
    const file = await open(store.logPath, "r+");
    const at = 32 + 17 * (24 + 4_096) + 24 + 1_000;
    const [byte] = (await file.read(Buffer.alloc(1), 0, 1, at)).buffer;
    await file.write(Buffer.from([byte! ^ 1]), 0, 1, at);
    await file.close();

    const found = await store.database.wal.verify();

    expect(found).toMatchObject({ ok: false, validFrames: 17 });
  });

  test("is right while the log is written and starts again", async () => {
    await using store = await openBlobs();
    let found = 0;
    const writing = (async () => {
      for (let i = 0; i < 600; i += 1) await writeBlob(store.database);
    })();

    for (let i = 0; i < 20; i += 1) {
      if ((await store.database.wal.verify()).ok) found += 1;
    }
    await writing;

    expect(found).toBe(20);
  });
});
