import { describe, expect, test } from "vitest";
import { insert, openManager } from "./open-manager.ts";

describe("T2: what groups leave to the event loop", () => {
  test("after many were told the next group begins in a turn of its own", async () => {
    const order: string[] = [];
    let now = 0;
    await using setup = await openManager({
      // Telling takes long on a clock that goes on whenever it is looked at.
      monotonicClock: () => (now += 0.2),
      groupTimeMaxMs: 100,
      onEvent: ({ type }) => type === "transaction.begin" && order.push("begin"),
    });
    const caller = async (name: string): Promise<void> => {
      await setup.manager.connection.run(insert, { name: `${name}1` });
      setImmediate(() => {
        order.push("turn");
        setImmediate(() => order.push("next"));
      });
      await setup.manager.connection.run(insert, { name: `${name}2` });
    };

    await Promise.all([caller("a"), caller("b")]);

    expect(order.slice(-8)).toEqual(
      ["begin", "turn", "next", "begin"].flatMap((what) => [what, what]),
    );
  });

  test("a group whose members take long leaves turns between them", async () => {
    const order: string[] = [];
    let now = 0;
    await using setup = await openManager({
      monotonicClock: () => now,
      groupTimeMaxMs: 100,
      onEvent: ({ type }) => type === "transaction.group" && order.push("group"),
    });
    order.length = 0;
    const member = async (name: string): Promise<void> =>
      setup.manager.program((connection) => {
        connection.run(insert, { name });
        order.push(name);
        now += 0.6;
        setImmediate(() => order.push("turn"));
      });

    await Promise.all(["a", "b", "c", "d"].map(member));

    expect(order.filter((what) => what === "group")).toHaveLength(1);
    expect(order.slice(0, 4)).toEqual(["a", "b", "turn", "turn"]);
  });
});
