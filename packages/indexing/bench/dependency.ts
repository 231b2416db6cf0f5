/**
 * Questions to a tree and a graph of 100,000 nodes: by the path and by the
 * functions of this package, against the recursive query over parents or edges
 * that one would write by hand. For the critical path the query by hand follows
 * every way there is, so it is asked of a graph of 200 nodes only.
 *
 * Prints one JSON line per case; `--case <name>` runs one, `--nodes <n>` takes fewer.
 */
import { parseArgs } from "node:util";
import { createIndexCoordinator, dependencyGraph, hierarchy } from "@atlas/indexing";
import {
  type Connection,
  defineTable,
  type Query,
  type RawRow,
  type SqlValue,
} from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { createTransactionManager } from "@atlas/transaction";

const { values: flags } = parseArgs({
  options: { case: { type: "string" }, nodes: { type: "string", default: "100000" } },
});
const nodeCount = Number(flags.nodes);
const node = defineTable("node", {
  columns: {
    id: { type: "text" },
    parent: { type: "text", nullable: true },
    path: { type: "text" },
    days: { type: "integer" },
    part: { type: "integer" },
  },
  primaryKey: ["id"],
});
const edge = defineTable("edge", {
  columns: { node: { type: "text" }, waits_for: { type: "text" } },
  primaryKey: ["node", "waits_for"],
});
const tree = hierarchy({ name: "node_tree", table: "node", path: "path", parent: "parent" });
const ends = { table: edge, from: "node", to: "waits_for" };
const whole = dependencyGraph({
  name: "edge",
  edges: ends,
  nodes: { table: node, key: "id", weight: "days" },
});
const small = dependencyGraph({
  name: "edge",
  edges: ends,
  nodes: { table: node, key: "id", weight: "days", unfinished: "part = 1" },
});

await using temporary = await openTemporaryDatabase({ durability: "relaxed" });
await using transactions = await createTransactionManager(temporary.database);
const { connection } = transactions;
const { dialect } = temporary.database;
await transactions.atomic(fill, { holdTimeoutMs: 600_000 });
const declarations = [...tree.declarations, ...whole.declarations];
await createIndexCoordinator({
  transactions,
  dialect,
  tables: [node, edge],
  declarations,
}).ensure();

/** Each node has ten children at most, and waits for up to two nodes shortly before it. */
async function fill(transaction: Connection): Promise<void> {
  for (const table of [node, edge])
    for (const sql of dialect.createTable(table)) await transaction.execute(sql);
  const paths: string[] = [];
  for (let at = 0; at < nodeCount; at += 1) {
    const parent = Math.floor((at - 1) / 10);
    paths.push(at === 0 ? "n0" : `${paths[parent]}/n${at}`);
    await transaction.execute("INSERT INTO node VALUES (NULL, ?, ?, ?, ?, ?)", [
      `n${at}`,
      at === 0 ? null : `n${parent}`,
      paths[at]!,
      1 + (at % 7),
      at < 200 ? 1 : 0,
    ]);
    for (const back of [3 + (at % 5), 11 + (at % 13)]) {
      if (at - back < 0 || at % 50 < back) continue;
      await transaction.execute("INSERT INTO edge VALUES (?, ?)", [`n${at}`, `n${at - back}`]);
    }
  }
}

type Side = (round: number) => Promise<number>;

const byParents = (start: string, step: string) => (id: string) =>
  all(
    `WITH RECURSIVE found(id) AS (SELECT id FROM node WHERE ${start} UNION ALL ` +
      `SELECT ${step}) SELECT id FROM found`,
    [id],
  );
const subtreeByHand = byParents(
  "id = ?",
  "other.id FROM node AS other JOIN found ON other.parent = found.id",
);
const ancestorsByHand = byParents(
  "id = ?",
  "other.parent FROM node AS other JOIN found ON other.id = found.id WHERE other.parent IS NOT NULL",
);
const pathOf = async (id: string): Promise<string> => {
  const rows = await connection.all(raw("SELECT path FROM node WHERE id = ?", [id]));
  return String(rows[0]?.["path"]);
};
const byPath = async (
  condition: (path: string) => { readonly sql: string; readonly params: readonly SqlValue[] },
  id: string,
): Promise<number> => {
  const { sql, params } = condition(await pathOf(id));
  return all(`SELECT id FROM node WHERE ${sql}`, params);
};
/** A node with a thousand below it, a leaf, and the end of a chain. */
const inner = (round: number): string => `n${11 + (round % 50)}`;
const leaf = (round: number): string => `n${nodeCount - 1 - (round % 5_000)}`;
const late = (round: number): string => `n${49 + 50 * (round % Math.floor(nodeCount / 50))}`;

const cases: Readonly<Record<string, readonly [Side, Side, number]>> = {
  subtree: [(n) => byPath(tree.subtree, inner(n)), (n) => subtreeByHand(inner(n)), 100],
  ancestors: [
    (n) => byPath(tree.ancestors, leaf(n)),
    async (n) => (await ancestorsByHand(leaf(n))) - 1,
    400,
  ],
  closure: [
    async (n) => (await whole.dependencies(connection, [late(n)])).keys.length,
    (n) =>
      all(
        "WITH RECURSIVE found(id) AS (SELECT waits_for FROM edge WHERE node = ? UNION SELECT " +
          "edge.waits_for FROM edge JOIN found ON edge.node = found.id) SELECT id FROM found",
        [late(n)],
      ),
    400,
  ],
  "critical-path-200": [
    async () => (await small.criticalPath(connection)).weight,
    async () => {
      const sql =
        "WITH RECURSIVE way(id, days) AS (SELECT id, days FROM node WHERE part = 1 UNION ALL " +
        "SELECT edge.node, way.days + node.days FROM way JOIN edge ON edge.waits_for = way.id " +
        "JOIN node ON node.id = edge.node AND node.part = 1) SELECT max(days) AS days FROM way";
      return Number((await connection.all(raw(sql)))[0]?.["days"]);
    },
    20,
  ],
  "critical-path-whole": [
    async () => (await whole.criticalPath(connection)).weight,
    // Nothing by hand finds the longest of so many ways: this reads the same rows and no more.
    async () => {
      await connection.all(raw("SELECT id, days FROM node"));
      await connection.all(raw("SELECT node, waits_for FROM edge"));
      return Number.NaN;
    },
    3,
  ],
};

for (const [name, [atlas, peer, rounds]] of Object.entries(cases)) {
  if (flags.case !== undefined && flags.case !== name) continue;
  const [mine, other]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const [first, second] = [await timed(atlas, round), await timed(peer, round)];
    if (second.answer >= 0 && first.answer !== second.answer)
      throw new Error(`${name}: the answers differ.`);
    mine.push(first.ms);
    other.push(second.ms);
  }
  const [a, b] = [median(mine), median(other)];
  const figures = { atlas: rounded(a), peer: rounded(b), unit: "ms", ratio: rounded(b / a) };
  const peerName = name === "critical-path-whole" ? "reading the rows alone" : "by hand";
  process.stdout.write(
    `${JSON.stringify({ bench: "indexing", case: name, nodes: nodeCount, peerName, ...figures })}\n`,
  );
}

async function timed(side: Side, round: number): Promise<{ answer: number; ms: number }> {
  const startedAt = performance.now();
  const answer = await side(round);
  return { answer, ms: performance.now() - startedAt };
}

async function all(sql: string, params: readonly SqlValue[]): Promise<number> {
  return (await connection.all(raw(sql, params))).length;
}

function raw(sql: string, params: readonly SqlValue[] = []): Query<RawRow> {
  return { sql, params };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
