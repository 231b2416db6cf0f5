/**
 * Transactions that need the same new directory, and end in every order: a
 * directory is there when something was committed into it, and gone when
 * nothing was.
 */
import { rmdirSync } from "node:fs";
import { readdir, rmdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { MadeDirectories } from "../../src/participants/made-directories.ts";
import { openFiles } from "./open-files.ts";

/** Every order in which items of several lists can come, each list in its own order. */
function interleavings<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] {
  const open = lists.filter((list) => list.length > 0);
  if (open.length === 0) return [[]];
  return open.flatMap((list) => {
    const others = open.map((other) => (other === list ? other.slice(1) : other));
    return interleavings(others).map((rest) => [list[0] as T, ...rest]);
  });
}

type Ending = "commits" | "is undone";

interface Move {
  readonly user: string;
  readonly does: "uses" | Ending;
}

describe("T3: directories that several transactions need", () => {
  const moves = (user: string, ending: Ending): readonly Move[] => [
    { user, does: "uses" },
    { user, does: ending },
  ];
  const endings = ["commits", "is undone"] as const;
  const cases = endings.flatMap((first) =>
    endings.flatMap((second) =>
      endings.flatMap((third) =>
        interleavings([moves("one", first), moves("two", second), moves("three", third)]),
      ),
    ),
  );

  test(`in ${cases.length} orders of three that use, commit and are undone`, async () => {
    for (const [number, order] of cases.entries())
      // One after the other always, and some of them all at once as well.
      for (const waits of number % 6 === 0 ? [true, false] : [true]) {
        using root = temporaryDirectory();
        const directories = new MadeDirectories();
        const users = new Map(["one", "two", "three"].map((name) => [name, { name }]));
        const under: Promise<void>[] = [];
        for (const { user, does } of order) {
          const key = users.get(user) ?? {};
          // The second needs less of it than the others.
          const at = root.file(user === "two" ? "d" : "d/e");
          const move = async (): Promise<void> => {
            if (does === "uses") {
              await directories.use(at, key);
              await writeFile(join(at, user), "");
            } else if (does === "commits") await directories.release(key, [at, root.file("d")]);
            else await unlink(join(at, user)).then(() => directories.release(key, []));
          };
          if (waits) await move();
          else under.push(previous(under, order, user).then(move));
        }
        await Promise.all(under);

        const committed = order.filter(({ does }) => does === "commits").map(({ user }) => user);
        const expected = [
          ...(committed.length > 0 ? ["d"] : []),
          ...(committed.some((user) => user !== "two") ? ["d/e"] : []),
          ...committed.map((user) => (user === "two" ? "d/two" : `d/e/${user}`)),
        ];
        const found = await readdir(root.path, { recursive: true });
        expect([order, found.toSorted()]).toEqual([order, expected.toSorted()]);
      }
  }, 60_000);

  test("one into which something was committed stays, also when that is gone again", async () => {
    using root = temporaryDirectory();
    const directories = new MadeDirectories();
    const [one, two] = [{}, {}];
    await directories.use(root.file("d"), one);
    await directories.use(root.file("d"), two);

    await directories.release(one, [root.file("d")]);
    await directories.release(two, []);

    expect(await readdir(root.path)).toEqual(["d"]);
  });

  test.each([
    ["is undone while the other stages", "is undone", "commits", ["d", "d/e", "d/e/second"]],
    ["both are undone", "is undone", "is undone", []],
    ["the first one stays", "commits", "is undone", ["d", "d/e", "d/e/first"]],
  ] as const)(
    "of a store: %s",
    async (...[, first, second, expected]) => {
      for (let pause = 0; pause < 6; pause += 1) {
        await using setup = await openFiles();
        const write = (name: string, ending: Ending): Promise<unknown> =>
          setup.manager
            .atomic(async () => {
              await setup.files.write(`d/e/${name}`, name);
              if (ending === "is undone") throw new Error("undone");
            })
            .catch((error: unknown) => error);

        const one = write("first", first);
        // The second begins at one moment after the other of the end of the first.
        for (let turn = 0; turn < pause; turn += 1) await new Promise(setImmediate);
        const outcomes = await Promise.all([one, write("second", second)]);

        const failures = outcomes.filter((error) => error !== undefined);
        for (const failure of failures) expect(failure).toMatchObject({ message: "undone" });
        expect(setup.names()).toEqual(expected);
      }
    },
    60_000,
  );

  test("one that another process removes again and again is made again", async () => {
    await using setup = await openFiles();
    let removals = 0;
    /** Another process makes and undoes the same directory, some times during one write. */
    const removing = async (): Promise<void> => {
      for (let times = 0, removed = 0; times < 300 && removed < 8; times += 1)
        await rmdir(join(setup.root, "d")).then(
          () => (removed += 1) && (removals += 1),
          () => undefined,
        );
    };

    for (let number = 0; number < 100 && removals < 30; number += 1) {
      const racing = removing();
      await setup.files.write("d/a", String(number));
      expect(setup.text("d/a")).toBe(String(number));
      await setup.files.delete("d/a");
      await racing;
    }

    expect(removals).toBeGreaterThan(0);
  }, 60_000);

  test("what a savepoint has undone leaves no directory when the rest is committed", async () => {
    await using setup = await openFiles();

    await setup.manager.atomic(async (tx) => {
      await setup.files.write("kept/a", "a");
      await tx.createSavepoint("here");
      await setup.files.write("undone/deep/b", "b");
      await tx.rollbackTo("here");
    });

    expect(setup.names()).toEqual(["kept", "kept/a"]);
  });

  test("a directory that was there before stays, however empty", async () => {
    await using setup = await openFiles();
    await setup.files.write("d/a", "a");
    await setup.files.delete("d/a");

    await expect(
      setup.manager.atomic(async () => {
        await setup.files.write("d/b", "b");
        throw new Error("undone");
      }),
    ).rejects.toThrow("undone");

    expect(setup.names()).toEqual(["d"]);
    rmdirSync(join(setup.root, "d"));
  });
});

/** A transaction ends after it has begun; all else may overlap. */
function previous(
  under: readonly Promise<void>[],
  order: readonly Move[],
  user: string,
): Promise<void> {
  const begun = order.slice(0, under.length).findLastIndex((move) => move.user === user);
  return under[begun] ?? Promise.resolve();
}
