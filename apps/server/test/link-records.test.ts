import { describe, expect, test } from "vitest";
import { findBlockedLinks } from "../src/import/find-blocked-links.ts";
import { linkRecords } from "../src/import/link-records.ts";
import type { SourceRecord } from "../src/import/parsed-source.ts";

function record(
  id: string,
  links: { parent?: string; dependencies?: string[] } = {},
): SourceRecord {
  return { line: 1, task: { externalId: id, name: id }, dependencies: [], ...links };
}

describe("K6: links of imported records", () => {
  test("links that can hold are kept", () => {
    const { records, warnings } = linkRecords([
      record("a", { parent: "b", dependencies: ["c", "c"] }),
      record("b"),
      record("c"),
    ]);

    expect(warnings).toEqual([]);
    expect(records[0]?.task).toMatchObject({
      externalParent: "b",
      externalDependencies: ["c"],
      metadata: {},
    });
  });

  test("a record whose links go nowhere arrives; each link is named and kept readable", () => {
    const { records, warnings } = linkRecords([
      record("a", { parent: "gone", dependencies: ["a", "lost"] }),
    ]);

    expect(warnings.map(({ reason }) => reason)).toEqual([
      "a: its parent gone is not in the source",
      "a: depends on itself",
      "a: waits for lost, which is not in the source",
    ]);
    expect(records[0]?.task).toMatchObject({
      externalDependencies: [],
      metadata: { lostLinks: ["parent gone", "dependency a", "dependency lost"] },
    });
    expect(records[0]?.task).not.toHaveProperty("externalParent");
  });

  test("a parent that stands below is left out", () => {
    const { records, warnings } = linkRecords([
      record("a", { parent: "b" }),
      record("b", { parent: "c" }),
      record("c", { parent: "a" }),
    ]);

    expect(warnings).toMatchObject([{ reason: "c: its parent a stands below it" }]);
    expect(records.map(({ task }) => task.externalParent)).toEqual(["b", "c", undefined]);
  });

  test("of a circle of dependencies one link is left out", () => {
    const { records, warnings } = linkRecords([
      record("a", { dependencies: ["b"] }),
      record("b", { dependencies: ["c"] }),
      record("c", { dependencies: ["a"] }),
    ]);

    expect(warnings).toMatchObject([{ reason: "c: waits for a, which waits for it in turn" }]);
    expect(records.map(({ task }) => task.externalDependencies)).toEqual([["b"], ["c"], []]);
  });

  test("waiting for the record above, or for one below an own dependency, is a circle", () => {
    const { warnings } = linkRecords([
      record("parent"),
      record("child", { parent: "parent", dependencies: ["parent"] }),
    ]);

    expect(warnings).toHaveLength(1);
  });

  test("whatever the links, what is kept can be worked through", () => {
    // Goal: no plan gets stuck. Method: 500 small random graphs, played by brute force.
    const ids = ["0", "1", "2", "3", "4", "5"];
    for (let seed = 1; seed <= 500; seed += 1) {
      const { parents, dependencies } = randomLinks(ids, seed);

      const blocked = findBlockedLinks({ ids, parents, dependencies });

      const isKept = (from: string, to: string): boolean =>
        !blocked.some((link) => link.from === from && link.to === to);
      const kept = new Map(
        [...dependencies].map(([from, all]) => [from, all.filter((to) => isKept(from, to))]),
      );
      const wasFree = canBeWorkedThrough(ids, parents, dependencies);
      expect([seed, canBeWorkedThrough(ids, parents, kept)]).toEqual([seed, true]);
      expect([seed, blocked.length === 0]).toEqual([seed, wasFree]);
    }
  });
});

interface Links {
  readonly parents: ReadonlyMap<string, string>;
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
}

function randomLinks(ids: readonly string[], seed: number): Links {
  let state = seed;
  const below = (max: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % max;
  };
  const parents = new Map<string, string>();
  const dependencies = new Map<string, string[]>();
  for (const [at, id] of ids.entries()) {
    // A parent always comes earlier, so that this is a tree.
    if (at > 0 && below(3) === 0) parents.set(id, ids[below(at)] ?? "");
    const targets = Array.from({ length: below(3) }, () => ids[below(ids.length)] ?? "");
    dependencies.set(
      id,
      [...new Set(targets)].filter((target) => target !== id),
    );
  }
  return { parents, dependencies };
}

/** Plays the plan: whatever may begin begins, whatever may be done is done. */
function canBeWorkedThrough(
  ids: readonly string[],
  parents: ReadonlyMap<string, string>,
  dependencies: ReadonlyMap<string, readonly string[]>,
): boolean {
  const begun = new Set<string>();
  const done = new Set<string>();
  for (let step = 0; step < ids.length * 2; step += 1)
    for (const id of ids) {
      const parent = parents.get(id);
      const isFree = (dependencies.get(id) ?? []).every((other) => done.has(other));
      if (isFree && (parent === undefined || begun.has(parent))) begun.add(id);
      const below = ids.filter((other) => parents.get(other) === id);
      if (begun.has(id) && below.every((other) => done.has(other))) done.add(id);
    }
  return done.size === ids.length;
}
