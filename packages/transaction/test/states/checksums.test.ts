import { createServiceStateManager } from "@atlas/transaction/states";
import { describe, expect, test } from "vitest";
import { openStore, registerThree, start } from "./state-store.ts";

describe("P4: checksums and snapshots", () => {
  test("a row that something else has changed is found, and nothing is built on it", async () => {
    await using store = await openStore();
    const { services, transactions } = store;
    await registerThree(services);
    await start(services, "database", "api");
    const { connection } = transactions;

    await connection.execute(
      `UPDATE atlas_service_states SET data = '{"port":1}' WHERE id = 'api'`,
    );
    await connection.execute("UPDATE atlas_service_states SET state = 'lost' WHERE id = 'web'");

    expect(await services.verify()).toEqual({
      checked: 3,
      tampered: ["api", "web"],
      unknown: ["web"],
      unmet: [],
    });
    await expect(services.transition("api", "running", "stopped")).rejects.toMatchObject({
      code: "transaction.state_tampered",
    });
    await expect(services.snapshot()).rejects.toMatchObject({ code: "transaction.state_tampered" });
  });

  test("a row with a checksum of its own does not fit its history", async () => {
    await using store = await openStore();
    const { services, transactions } = store;
    await services.register("api");
    const { rows } = await transactions.connection.execute("SELECT * FROM atlas_service_states");
    await start(services, "api");
    const old = rows[0]!;

    await transactions.connection.execute(
      "UPDATE atlas_service_states SET state = ?, version = ?, checksum = ?, last_modified = ?",
      [old["state"]!, old["version"]!, old["checksum"]!, old["last_modified"]!],
    );

    expect(await services.verify()).toMatchObject({ tampered: ["api"] });
  });

  test("P2: a restore brings back states, data and dependencies, and versions go on", async () => {
    await using store = await openStore();
    const { services } = store;
    await registerThree(services);
    await start(services, "database");
    const taken = JSON.parse(JSON.stringify(await services.snapshot())) as Awaited<
      ReturnType<typeof services.snapshot>
    >;
    await start(services, "api");
    await services.register("cache");

    expect(await services.restore(taken)).toEqual({ restored: ["api"], removed: ["cache"] });

    expect(await services.get("api")).toMatchObject({ state: "stopped", version: 4 });
    expect(await services.get("cache")).toBeUndefined();
    expect((await services.history("cache"))[0]).toMatchObject({ from: "stopped", to: null });
    expect((await services.history("api"))[0]?.reason).toMatch(/^restored to /);
    expect(await services.verify()).toEqual({ checked: 3, tampered: [], unknown: [], unmet: [] });
    expect(await services.restore(taken)).toEqual({ restored: [], removed: [] });
  });

  test("a snapshot that was changed, or that other rules made, is refused", async () => {
    await using store = await openStore();
    const { services, transactions } = store;
    await services.register("api");
    const taken = await services.snapshot();

    const changed = { ...taken, takenAt: 7 };
    await expect(services.restore(changed)).rejects.toMatchObject({
      code: "transaction.state_tampered",
    });
    const { dialect } = store;
    const others = createServiceStateManager(transactions, {
      dialect,
      states: ["on", "off"],
      transitions: { on: ["off"] },
    });
    await expect(others.restore(taken as never)).rejects.toMatchObject({
      code: "transaction.state_unknown",
    });
  });
});
