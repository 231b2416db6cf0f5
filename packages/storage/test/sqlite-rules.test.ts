import { openSqlite } from "@atlas/storage/sqlite";
import { databaseRules, temporaryDirectory } from "@atlas/storage/testing";
import { describe, test } from "vitest";

// Every rule runs on a new file, on one that was opened before, without the
// wait for the device, and with an observer, which takes other ways through
// the code.
const modes = {
  "a new file": {},
  "relaxed durability": { durability: "relaxed" },
  "an observer": { onEvent: () => undefined, slowQueryMs: 0 },
  "a small statement cache": { statementCacheMax: 8 },
} as const;

describe.each(Object.entries(modes))("D1 D3: database rules with %s", (_, options) => {
  test.each(databaseRules)("$name", async (rule) => {
    using directory = temporaryDirectory();

    await rule.check(() => openSqlite(directory.file("data.db"), options));
  });
});

describe("D1 D3: database rules with a file that was opened before", () => {
  test.each(databaseRules)("$name", async (rule) => {
    using directory = temporaryDirectory();
    await (await openSqlite(directory.file("data.db"))).close();

    await rule.check(() => openSqlite(directory.file("data.db")));
  });
});
