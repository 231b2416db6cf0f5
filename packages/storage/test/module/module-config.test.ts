import type { StorageErrorCode } from "@atlas/storage";
import { openStorageModule, type StoragePart } from "@atlas/storage/module";
import { temporaryDirectory } from "@atlas/storage/testing";
import { describe, expect, test } from "vitest";
import { openModule } from "./open-module.ts";

const refusal = async (config: object): Promise<unknown> => {
  using directory = temporaryDirectory();
  return await openStorageModule(directory.file("data.db"), config).then(
    async (module) => {
      await module.close();
      throw new Error("It was opened.");
    },
    (error: unknown) => error,
  );
};

describe("D10: parts are checked", () => {
  const cases: readonly (readonly [
    string,
    object,
    StorageErrorCode | "configuration.unknown_option" | "configuration.invalid_option",
    RegExp,
  ])[] = [
    [
      "connections are off",
      { connection: { enabled: false } },
      "storage.module_invalid",
      /needs the part "connection"/,
    ],
    [
      "a dependency is off",
      { cache: { dependencies: ["memory"] } },
      "storage.module_invalid",
      /"cache".*"memory", which is switched off/,
    ],
    [
      "a dependency does not exist",
      { cache: { dependencies: ["redis"] } },
      "storage.module_invalid",
      /depends on "redis"; the parts are error, connection/,
    ],
    [
      "a part depends on itself",
      { wal: { dependencies: ["wal"] } },
      "storage.module_invalid",
      /itself/,
    ],
    [
      "a part that is off has options",
      { files: { enabled: false, options: { disk: {} } } },
      "storage.module_invalid",
      /switched off; remove them/,
    ],
    [
      "enabled is not a truth value",
      { files: { enabled: "no" } },
      "storage.module_invalid",
      /true or false/,
    ],
    [
      "options are no object",
      { files: { options: 3 } },
      "storage.module_invalid",
      /must be an object/,
    ],
    ["a part does not exist", { caches: {} }, "configuration.unknown_option", /"caches"/],
    [
      "a setting does not exist",
      { cache: { enable: false } },
      "configuration.unknown_option",
      /"enable"/,
    ],
    [
      "an option of connections is wrong",
      { connection: { options: { readers: 0 } } },
      "configuration.invalid_option",
      /"readers"/,
    ],
    [
      "an option of writing is wrong",
      { transaction: { options: { durability: "some" } } },
      "configuration.invalid_option",
      /"durability"/,
    ],
    [
      "an option of the log is wrong",
      { wal: { options: { walLimitBytes: 1 } } },
      "configuration.invalid_option",
      /"walLimitBytes"/,
    ],
    [
      "an option of the query log is wrong",
      { query: { options: { statementsMax: 0 } } },
      "configuration.invalid_option",
      /"statementsMax"/,
    ],
    [
      "an option of maintenance is wrong",
      { query: { options: { maintainEveryMs: -1 } } },
      "configuration.invalid_option",
      /"maintainEveryMs"/,
    ],
    [
      "an option of the cache is wrong",
      { cache: { options: { budgetBytes: 1 } } },
      "configuration.invalid_option",
      /"budgetBytes"/,
    ],
    [
      "an option of files is unknown",
      { files: { options: { backup: {} } } },
      "configuration.unknown_option",
      /"backup"/,
    ],
    [
      "an option of memory is wrong",
      { memory: { enabled: true, options: { budgetBytes: 1 } } },
      "configuration.invalid_option",
      /"budgetBytes"/,
    ],
    [
      "an option of the record is wrong",
      { error: { options: { faultsMax: 0 } } },
      "configuration.invalid_option",
      /"faultsMax"/,
    ],
  ];

  test.for(cases)("and refused when %s", async ([, config, code, message]) => {
    expect(await refusal(config)).toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test("a declared dependency that is on is taken and shown", async () => {
    await using store = await openModule({ cache: { dependencies: ["wal", "connection"] } });

    const plan = store.module.parts().find(({ part }) => part === "cache");

    expect(plan?.dependencies).toEqual<readonly StoragePart[]>(["connection", "wal"]);
  });

  test("what was started before a failure is ended again", async () => {
    using directory = temporaryDirectory();
    const events: string[] = [];
    const config = { files: { options: { disk: { lowBytes: 1, fullBytes: 2 } } } };

    const opening = openStorageModule(directory.file("data.db"), config, ({ type }) => {
      events.push(type);
    });

    await expect(opening).rejects.toMatchObject({ code: "configuration.invalid_option" });
    expect(events.at(-1)).toBe("closed");
  });
});
