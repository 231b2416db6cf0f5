/** After `close` nothing of a store is written any more, whatever was under way. */
import { describe, expect, test } from "vitest";
import { code, openFiles } from "./open-files.ts";

describe("T3: closing a file store", () => {
  test("a call that waits for the writer is finished before", async () => {
    await using setup = await openFiles();
    const gate = Promise.withResolvers<void>();
    const ended: string[] = [];

    const holding = setup.manager.atomic(() => gate.promise);
    const writing = setup.files.write("a", "a").then(() => ended.push("write"));
    const closing = setup.files.close().then(() => ended.push("close"));
    await expect(setup.files.write("b", "b")).rejects.toMatchObject(code("file_store_closed"));
    gate.resolve();
    await Promise.all([holding, writing, closing]);

    expect(ended).toEqual(["write", "close"]);
    expect([setup.names(), await setup.journal()]).toEqual([["a"], 0]);
  });

  test("a transaction with files that is open ends before", async () => {
    await using setup = await openFiles();
    const gate = Promise.withResolvers<void>();
    const staged = Promise.withResolvers<void>();

    const writing = setup.manager.atomic(async () => {
      await setup.files.write("a", "a");
      staged.resolve();
      await gate.promise;
    });
    await staged.promise;
    let isClosed = false;
    const closing = setup.files.close().then(() => (isClosed = true));
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    gate.resolve();
    await Promise.all([writing, closing]);

    expect([setup.names(), await setup.journal()]).toEqual([["a"], 0]);
  });

  test("inside a transaction, for which it would wait, it is refused", async () => {
    await using setup = await openFiles();

    await setup.manager.atomic(async () => {
      await setup.files.write("a", "a");
      await expect(setup.files.close()).rejects.toMatchObject(code("already_active"));
    });

    expect(setup.text("a")).toBe("a");
  });

  test("every use after it is refused", async () => {
    await using setup = await openFiles();
    const { files } = setup;
    await Promise.all([files.close(), files.close()]);

    const uses = [
      () => files.read("a"),
      () => files.readText("a"),
      () => files.write("a", "a"),
      () => files.delete("a"),
      () => files.move("a", "b"),
      () => files.recover(),
      () => files.conflicts(),
      () => files.settleConflict(1),
    ];
    for (const use of uses) await expect(use()).rejects.toMatchObject(code("file_store_closed"));
  });
});
