/** Two processes, here two stores on one directory, that meet between two looks. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Writer, WriterLease } from "@atlas/storage";
import { openSqlite, type SqliteStore } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import { createFileStore } from "@atlas/transaction/participants";
import { describe, expect, test } from "vitest";
import { code, openFiles } from "./open-files.ts";

/** The store, with a pause before the journal of others is read. */
function pausing(store: SqliteStore, pause: () => Promise<void>): SqliteStore {
  const all =
    (writer: Writer): Writer["all"] =>
    async (query, ...values) => {
      if (/FROM \W?atlas_file_journal/.test(query.sql)) await pause();
      return writer.all(query, ...values);
    };
  const lease = (taken: WriterLease): WriterLease =>
    replacing(taken, { writer: replacing(taken.writer, { all: all(taken.writer) }) });
  return replacing(store, { unsafeTakeWriter: async () => lease(await store.unsafeTakeWriter()) });
}

function replacing<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("T3: files that another process changes", () => {
  test("one whose change takes effect while this one looks is a conflict before the commit", async () => {
    using temporary = temporaryDirectory();
    using directory = temporaryDirectory();
    const path = temporary.file("a.db");
    const gate = Promise.withResolvers<void>();
    const committed = Promise.withResolvers<void>();
    const applied = Promise.withResolvers<void>();
    await using first = await openSqlite(path);
    await using firstManager = await createTransactionManager(first);
    await using firstFiles = await createFileStore(firstManager, first, {
      directory: directory.path,
      onStep: async ({ step }) => {
        if (step === "committed") {
          committed.resolve();
          await gate.promise;
        } else if (step === "applied") applied.resolve();
      },
    });
    await using second = await openSqlite(path);
    let pauses = false;
    const paused = pausing(second, async () => {
      if (!pauses) return;
      gate.resolve();
      await applied.promise;
    });
    await using secondManager = await createTransactionManager(paused);
    await using secondFiles = await createFileStore(secondManager, paused, {
      directory: directory.path,
    });

    const writing = firstFiles.write("a.txt", "first");
    await committed.promise;
    pauses = true;
    const outcome = secondManager.atomic(() => secondFiles.write("a.txt", "second"), {
      retry: { attemptsMax: 1 },
    });

    await expect(outcome).rejects.toMatchObject({
      ...code("file_conflict"),
      txState: "rolledBack",
    });
    await writing;
    expect(await secondFiles.readText("a.txt")).toBe("first");
  }, 60_000);

  test("a directory that an undone transaction removes does not end a recovery", async () => {
    await using open = await openFiles();
    const undone = async (number: number): Promise<void> => {
      await open.manager
        .atomic(async () => {
          await open.files.write(`${number}/a/b/c/d/e/file`, "content");
          throw new Error("undone");
        })
        .catch(() => undefined);
    };
    let working = true;
    const work = (async () => {
      for (let number = 0; number < 400 && working; number += 1) await undone(number);
    })();
    const notes: string[] = [];
    for (let times = 0; times < 60; times += 1) {
      notes.push(...(await open.files.recover()).notes);
      await sleep(1);
    }
    working = false;
    await work;
    expect(notes).toEqual([]);
    expect(open.names()).toEqual([]);
  }, 60_000);
});
