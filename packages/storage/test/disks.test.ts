import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { count, from } from "@atlas/storage";
import { createFileManager } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { expect, test } from "vitest";
import { addCounter, counters, openCounters } from "./fixtures/counters.ts";

/** Mounts a disk of two megabytes; undefined where that is not allowed. */
function smallDisk(path: string): Disposable | undefined {
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", path], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  return { [Symbol.dispose]: () => execFileSync("/bin/umount", ["-l", path]) };
}

function rowsOf(writer: string): readonly { writer: string; number: number; text: string }[] {
  return Array.from({ length: 3_000 }, (_, number) => ({
    writer,
    number,
    text: "x".repeat(1_000),
  }));
}

test("D8: a disk that became read-only is refused when a database on it is opened", async (context) => {
  using directory = temporaryDirectory();
  using disk = smallDisk(directory.path);
  if (disk === undefined) return context.skip("a disk cannot be mounted here");
  const path = directory.file("data.db");
  await (await openCounters(path)).close();
  execFileSync("/bin/mount", ["-o", "remount,ro", directory.path]);

  await expect(openCounters(path)).rejects.toMatchObject({ code: "storage.readonly" });
});

test.skipIf(process.getuid?.() === 0)("D8: a file without permission is refused", async () => {
  using directory = temporaryDirectory();
  const path = directory.file("data.db");
  await (await openCounters(path)).close();
  chmodSync(path, 0o444);

  await expect(openCounters(path)).rejects.toMatchObject({ code: "storage.permission_denied" });
});

test("D8: a full disk undoes the write that met it, and writing goes on once there is space", async (context) => {
  using directory = temporaryDirectory();
  using disk = smallDisk(directory.path);
  if (disk === undefined) return context.skip("a disk cannot be mounted here");
  await using database = await openCounters(directory.file("data.db"));
  await database.write((connection) =>
    connection.run(addCounter, { writer: "kept", number: 0, text: "" }),
  );
  const ballast = directory.file("ballast");
  writeFileSync(ballast, Buffer.alloc(1_200_000));
  const total = from(counters).select({ n: count() }).build();

  const full = { code: "storage.disk_full", txState: "rolledBack" };
  await expect(
    database.write((connection) => connection.runMany(addCounter, rowsOf("a"))),
  ).rejects.toMatchObject(full);
  // What a body does after its transaction is gone must not commit by itself.
  await expect(
    database.write(async (connection) => {
      await connection.runMany(addCounter, rowsOf("b")).catch(() => undefined);
      await connection.run(addCounter, { writer: "late", number: 0, text: "" });
    }),
  ).rejects.toMatchObject({ code: expect.stringMatching(/disk_full|no_transaction/) as string });

  expect(await database.get(total)).toEqual({ n: 1 });
  await expect(
    createFileManager().atomicWrite(directory.file("state"), Buffer.alloc(1_000_000)),
  ).rejects.toMatchObject({ code: "storage.disk_full" });
  rmSync(ballast);
  await database.write((connection) =>
    connection.run(addCounter, { writer: "after", number: 0, text: "" }),
  );
  expect(await database.get(total)).toEqual({ n: 2 });
});
