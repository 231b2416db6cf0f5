/** Real processes on one file: several add to one counter, and wait for each other. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { sqlQuery } from "@atlas/storage";
import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { describe, expect, test } from "vitest";

const node = ["--conditions=@atlas/source", "--disable-warning=ExperimentalWarning"];
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);
describe("processes that share a file", () => {
  test("T1: four processes add to one counter; nothing is lost and no busy error is seen", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("counter.db");
    await using database = await openSqlite(path);
    await using manager = await createTransactionManager(database);
    await manager.connection.execute("CREATE TABLE counter (value INTEGER)");
    await manager.connection.execute("INSERT INTO counter VALUES (0)");

    const outputs = await Promise.all(
      Array.from({ length: 4 }, () =>
        promisify(execFile)(process.execPath, [
          ...node,
          fixture("counter-process.ts"),
          path,
          "100",
        ]),
      ),
    );

    expect(outputs.map(({ stdout }) => stdout)).toEqual(["[]", "[]", "[]", "[]"]);
    const counter = sqlQuery<{ value: number }>("SELECT value FROM counter");
    expect(await database.get(counter)).toEqual({ value: 400 });
  }, 60_000);

  test("T2: waiting for another process leaves the event loop free and has a deadline", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("locked.db");
    await using first = await openSqlite(path);
    await using second = await openSqlite(path);
    await using holder = await createTransactionManager(first);
    await using waiter = await createTransactionManager(second);
    const release = Promise.withResolvers<void>();
    const holding = holder.atomic(() => release.promise);
    await sleep(20);

    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const late = waiter.atomic(() => "late", { waitTimeoutMs: 60 });
    await expect(late).rejects.toMatchObject({ code: "transaction.timeout", txState: "none" });
    clearInterval(counting);
    const patient = waiter.atomic(() => "done");
    release.resolve();

    expect(turns).toBeGreaterThan(5);
    expect(await patient).toBe("done");
    await holding;
  });
});
