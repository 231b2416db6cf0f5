import { openSqlite } from "@atlas/storage/sqlite";
import { temporaryDirectory } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";
import {
  createServiceStateManager,
  type ServiceStateManager,
  type ServiceStateOptions,
} from "@atlas/transaction/states";
import { describe, expect, test } from "vitest";
import { openStore, registerThree, rules, start, type State } from "./state-store.ts";

describe("P4: transitions", () => {
  test("a service goes only where it is declared to go, from where it is", async () => {
    await using store = await openStore();
    const { services } = store;
    const registered = await services.register("api", { data: { port: 80 } });
    expect(registered).toMatchObject({ id: "api", version: 1, state: "stopped" });
    expect(registered.checksum).toMatch(/^[0-9a-f]{64}$/);

    const { newState, service } = await services.transition("api", "stopped", "starting", {
      data: { port: 81 },
      version: 1,
    });

    expect(newState).toBe("starting");
    expect(service).toMatchObject({ version: 2, data: { port: 81 }, state: "starting" });
    expect(await services.get("api")).toEqual(service);
    expect(await services.list()).toEqual([service]);
    await expect(services.transition("api", "stopped", "starting")).rejects.toMatchObject({
      code: "transaction.state_conflict",
    });
    await expect(services.transition("api", "starting", "draining")).rejects.toMatchObject({
      code: "transaction.state_illegal",
    });
    await expect(
      services.transition("api", "starting", "running", { version: 1 }),
    ).rejects.toMatchObject({ code: "transaction.state_conflict" });
    await expect(services.transition("none", "stopped", "starting")).rejects.toMatchObject({
      code: "transaction.state_unknown",
    });
    await expect(services.transition("api", "starting", "gone" as State)).rejects.toMatchObject({
      code: "transaction.state_unknown",
    });
    expect(await services.get("api")).toEqual(service);
  });

  test("state, data, what belongs to it, and history are one transaction", async () => {
    await using store = await openStore();
    const { services, transactions } = store;
    await transactions.connection.execute("CREATE TABLE routes (service TEXT)");
    await services.register("api");
    const rows = async (): Promise<number> =>
      (await transactions.connection.execute("SELECT * FROM routes")).rows.length;

    const failing = services.transition("api", "stopped", "starting", {
      async apply(tx, next) {
        await tx.execute("INSERT INTO routes VALUES (?)", [next.id]);
        throw new Error("no port");
      },
    });
    await expect(failing).rejects.toThrow("no port");
    expect(await rows()).toBe(0);
    expect(await services.get("api")).toMatchObject({ state: "stopped", version: 1 });

    await services.transition("api", "stopped", "starting", {
      reason: "deployment 7",
      apply: async (tx) => void (await tx.execute("INSERT INTO routes VALUES ('api')")),
    });
    expect(await rows()).toBe(1);
    expect(await services.history("api")).toMatchObject([
      { version: 2, from: "stopped", to: "starting", reason: "deployment 7" },
      { version: 1, from: null, to: "stopped", reason: "registered" },
    ]);
  });

  test("of two that change one version, one is told of the conflict", async () => {
    using directory = temporaryDirectory();
    const path = directory.file("states.db");
    await using one = await openSqlite(path);
    await using two = await openSqlite(path);
    await using first = await createTransactionManager(one);
    await using second = await createTransactionManager(two);
    const managers = [first, second].map((transactions) =>
      createServiceStateManager(transactions, { dialect: one.dialect, ...rules }),
    );
    await Promise.all(managers.map((manager) => manager.prepare()));
    await managers[0]!.register("api");

    const results = await Promise.allSettled(
      managers.map((manager) => manager.transition("api", "stopped", "starting", { version: 1 })),
    );

    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await managers[1]!.get("api")).toMatchObject({ version: 2, state: "starting" });
  });

  test("the history is bounded and paged", async () => {
    await using store = await openStore({ historyMax: 3 });
    const { services } = store;
    await services.register("api");
    await start(services, "api");
    await services.transition("api", "running", "stopped");

    const changes = await services.history("api");
    expect(changes.map(({ version }) => version)).toEqual([4, 3, 2]);
    expect(await services.history("api", { limit: 1, before: changes[0]!.number })).toEqual([
      changes[1],
    ]);
    expect(await services.verify()).toMatchObject({ tampered: [] });
  });
});

describe("P4: dependencies", () => {
  test("a service enters no state whose requirements are not met", async () => {
    await using store = await openStore();
    const { services } = store;
    await registerThree(services);

    await expect(services.transition("api", "stopped", "starting")).rejects.toMatchObject({
      code: "transaction.state_dependency",
    });
    await start(services, "database", "api", "web");

    expect((await services.list()).map(({ state }) => state)).toEqual([
      "running",
      "running",
      "running",
    ]);
    expect(await services.verify()).toEqual({ checked: 3, tampered: [], unknown: [], unmet: [] });
  });

  test("a transition that would break a dependent is refused", async () => {
    await using store = await openStore();
    const { services } = store;
    await registerThree(services);
    await start(services, "database", "api");

    await expect(services.transition("database", "running", "stopped")).rejects.toThrow(
      /"api" in "running" needs "database" in running/,
    );
    await services.transition("api", "running", "stopped");
    await services.transition("database", "running", "stopped");
    expect(await services.get("database")).toMatchObject({ state: "stopped" });
  });

  test("dependents are taken along when asked, those furthest away first", async () => {
    await using store = await openStore();
    const { services } = store;
    await services.register("database");
    await services.register("api", {
      dependencies: [
        {
          service: "database",
          requires: ["running"],
          whileIn: ["running"],
          fallback: "draining" as const,
        },
      ],
    });
    await services.register("web", {
      dependencies: [{ service: "api", requires: ["running"], fallback: "stopped" as const }],
    });
    await start(services, "database", "api", "web");

    const { followed } = await services.transition("database", "running", "stopped", {
      dependents: "follow",
    });

    expect(followed.map(({ id, state }) => [id, state])).toEqual([
      ["web", "stopped"],
      ["api", "draining"],
    ]);
    expect((await services.history("web"))[0]?.reason).toBe('follows "api" to "draining"');
    expect(await services.verify()).toMatchObject({ tampered: [], unmet: [] });
  });

  test("following ends where a fallback does not help, is not declared, or is missing", async () => {
    await using store = await openStore();
    const { services } = store;
    await registerThree(services);
    await services.register("cache", {
      dependencies: [{ service: "database", requires: ["running"] }],
    });
    await start(services, "database", "api");

    // The fallback of api, draining, needs the database as well.
    const stuck = services.transition("database", "running", "stopped", { dependents: "follow" });
    await expect(stuck).rejects.toMatchObject({ code: "transaction.state_dependency" });
    await services.transition("api", "running", "stopped");
    await services.transition("api", "stopped", "starting");
    const undeclared = services.transition("database", "running", "stopped", {
      dependents: "follow",
    });
    await expect(undeclared).rejects.toMatchObject({ code: "transaction.state_illegal" });
    await services.transition("api", "starting", "stopped");
    await start(services, "cache");
    const missing = services.transition("database", "running", "stopped", { dependents: "follow" });
    await expect(missing).rejects.toMatchObject({ code: "transaction.state_dependency" });
    expect(await services.get("database")).toMatchObject({ state: "running" });
  });

  test("requirements are checked again after what was applied", async () => {
    await using store = await openStore();
    const { services } = store;
    await registerThree(services);
    await start(services, "database");

    const broken = services.transition("api", "stopped", "starting", {
      apply: async (tx) =>
        void (await tx.execute(
          "UPDATE atlas_service_states SET state = 'stopped' WHERE id = 'database'",
        )),
    });

    await expect(broken).rejects.toMatchObject({ code: "transaction.state_dependency" });
    expect(await services.get("database")).toMatchObject({ state: "running" });
  });

  test("registrations that cannot be meant are refused", async () => {
    await using store = await openStore();
    const { services } = store;
    await services.register("api");

    await expect(services.register("api")).rejects.toMatchObject({
      code: "transaction.state_conflict",
    });
    const missing = { dependencies: [{ service: "none", requires: ["running" as const] }] };
    await expect(services.register("web", missing)).rejects.toMatchObject({
      code: "transaction.state_unknown",
    });
    const misnamed = { dependencies: [{ service: "api", requires: ["gone" as State] }] };
    await expect(services.register("web", misnamed)).rejects.toMatchObject({
      code: "transaction.state_unknown",
    });
    const many = { service: "api", requires: ["running" as const] };
    for (const wrong of [
      services.register(""),
      services.register("web", { data: Number.NaN }),
      services.register("web", { dependencies: Array.from({ length: 101 }, () => many) }),
    ])
      await expect(wrong).rejects.toMatchObject({ code: "transaction.invalid_option" });
    const { dialect } = store;
    const create = (options: Partial<ServiceStateOptions<State>>): unknown =>
      createServiceStateManager(store.transactions, { dialect, ...rules, ...options });
    expect(() => create({ states: [] })).toThrow(/"states"/);
    expect(() => create({ transitions: { stopped: ["gone" as State] } })).toThrow(/"gone"/);
    const one = create({ servicesMax: 1 }) as ServiceStateManager<State>;
    await expect(one.register("second")).rejects.toMatchObject({
      code: "transaction.invalid_option",
    });
  });
});
