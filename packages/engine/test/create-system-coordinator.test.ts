import { createSystemCoordinator, type EngineEvent, openEngine } from "@atlas/engine";
import { createValidationCoordinator } from "@atlas/validation";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openLibrary } from "../src/testing/library-fixture.ts";
import { openTemporaryStore } from "./temporary-store.ts";

const moves = createValidationCoordinator(
  z.strictObject({ book: z.string().min(1), shelf: z.string() }),
);

describe("G2: SystemCoordinator.process", () => {
  it("runs validated work in one transaction and one change set, and reports it", async () => {
    await using library = await openLibrary({ openEngine, openStore: openTemporaryStore });
    await library.shelves.save({ id: "s", name: "Maps" });
    const events: EngineEvent[] = [];
    let now = 0;
    const coordinator = createSystemCoordinator(library.engine, {
      clock: () => (now += 5),
      onEvent(event) {
        events.push(event);
        throw new Error("the observer is broken");
      },
    });

    const answer = await coordinator.process({
      name: "library.donate",
      input: { book: "a", shelf: "s" },
      validate: (input) => moves.validate(input),
      execute: async ({ book, shelf }, { engine }) => {
        await engine.connection.execute(
          "INSERT INTO book (id, title, shelf_id, lent, tags, version) VALUES (?, 'A', ?, 0, '[]', 1)",
          [book, shelf],
        );
        await library.books.save({ id: "b", title: "B", shelf_id: shelf });
        return { id: book, shelf_id: shelf };
      },
      changes: (after) => [{ table: "book", after }],
      actor: "ada",
    });

    expect(answer).toEqual({ id: "a", shelf_id: "s" });
    expect((await library.shelves.get("s"))?.books).toBe(2);
    expect(await library.engine.changes.since(1)).toMatchObject([
      { key: "b", actor: "ada", reason: "library.donate" },
    ]);
    expect(events).toEqual([
      { type: "operation.completed", name: "library.donate", outcome: "succeeded", durationMs: 5 },
    ]);
  });

  it("refuses invalid input before anything is done, and says that it was refused", async () => {
    await using library = await openLibrary({ openEngine, openStore: openTemporaryStore });
    const events: EngineEvent[] = [];
    const coordinator = createSystemCoordinator(library.engine, {
      clock: () => 0,
      onEvent: (event) => events.push(event),
    });
    let executed = false;

    const refused = coordinator.process({
      name: "library.move",
      input: { book: "", shelf: "s" },
      validate: (input) => moves.validate(input),
      execute: () => {
        executed = true;
      },
    });

    await expect(refused).rejects.toMatchObject({ code: "validation.failed" });
    expect(executed).toBe(false);
    expect(events).toEqual([
      {
        type: "operation.completed",
        name: "library.move",
        outcome: "refused",
        code: "validation.failed",
        durationMs: 0,
      },
    ]);
  });

  it("undoes work that fails, and says that it failed", async () => {
    await using library = await openLibrary({ openEngine, openStore: openTemporaryStore });
    const events: EngineEvent[] = [];
    const coordinator = createSystemCoordinator(library.engine, {
      clock: () => 0,
      onEvent: (event) => events.push(event),
    });

    const failed = coordinator.process({
      name: "library.burn",
      input: undefined,
      execute: async () => {
        await library.books.save({ id: "a", title: "Atlas" });
        throw new TypeError("out of matches");
      },
    });

    await expect(failed).rejects.toThrow("out of matches");
    expect(await library.books.count()).toBe(0);
    expect(events).toMatchObject([{ outcome: "failed", code: "operation.defect" }]);
    await expect(
      coordinator.process({ name: "x", input: 1, exectue: () => 1 } as never),
    ).rejects.toMatchObject({ code: "configuration.unknown_option" });
  });
});
