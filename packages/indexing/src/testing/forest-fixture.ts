import type { IndexCoordinator, IndexDeclaration, RowValues } from "@atlas/indexing";
import { defineTable, type RawRow, sqlQuery, type TableDefinition } from "@atlas/storage";
import type { IndexRuleSubject, IndexStore } from "./index-rule.ts";

/** Nodes with a parent each, and edges that say which node waits for which. */
export const forestTables: readonly TableDefinition[] = [
  defineTable("node", {
    columns: {
      id: { type: "text" },
      parent_id: { type: "text", nullable: true },
      title: { type: "text" },
      body: { type: "text" },
      state: { type: "text" },
      children: { type: "integer", default: 0 },
      descendants: { type: "integer", default: 0 },
      blockers: { type: "integer", default: 0 },
    },
    primaryKey: ["id"],
  }),
  defineTable("edge", {
    columns: { node_id: { type: "text" }, waits_for: { type: "text" } },
    primaryKey: ["node_id", "waits_for"],
  }),
];

/** One declaration of each kind, and maintained columns that reach over tables and each other. */
export const forestIndexes: readonly IndexDeclaration[] = [
  { kind: "primary", name: "node_key", table: "node" },
  { kind: "primary", name: "edge_key", table: "edge" },
  { kind: "unique", name: "node_title", table: "node", on: ["parent_id", "title"] },
  {
    kind: "secondary",
    name: "node_open",
    table: "node",
    on: [{ expression: "lower(title)" }],
    where: "state <> 'done'",
  },
  { kind: "secondary", name: "edge_back", table: "edge", on: ["waits_for"] },
  { kind: "search", name: "node_search", table: "node", columns: { title: 10, body: 1 } },
  {
    kind: "maintained",
    name: "node_children",
    table: "node",
    column: "children",
    key: "id",
    expression: "SELECT count(*) FROM node AS child WHERE child.parent_id = self.id",
    affectedBy: [{ table: "node", columns: ["parent_id"], via: "parent_id" }],
  },
  {
    kind: "maintained",
    name: "node_descendants",
    table: "node",
    column: "descendants",
    key: "id",
    expression:
      "SELECT coalesce(sum(child.descendants + 1), 0) FROM node AS child " +
      "WHERE child.parent_id = self.id",
    affectedBy: [{ table: "node", columns: ["parent_id", "descendants"], via: "parent_id" }],
  },
  {
    kind: "maintained",
    name: "node_blockers",
    table: "node",
    column: "blockers",
    key: "id",
    expression:
      "SELECT count(*) FROM edge JOIN node AS other ON other.id = edge.waits_for " +
      "WHERE edge.node_id = self.id AND other.state <> 'done'",
    affectedBy: [
      { table: "edge", via: "node_id" },
      {
        table: "node",
        columns: ["state"],
        via: "id",
        through: { table: "edge", match: "waits_for", key: "node_id" },
      },
    ],
  },
];

/** Those of them that `ensure` makes: a primary key is made with its table. */
export const forestMade: readonly IndexDeclaration[] = forestIndexes.filter(
  ({ kind }) => kind !== "primary",
);

/** A node as the rules write it. */
export interface ForestNode extends RowValues {
  readonly id: string;
  readonly parent_id: string | null;
  readonly title: string;
  readonly body: string;
  readonly state: string;
}

/** A store with the forest's tables and a coordinator for its indexes. */
export interface Forest extends IndexStore {
  readonly indexes: IndexCoordinator;
  addNode(id: string, values?: Partial<ForestNode>): Promise<ForestNode>;
  setState(node: ForestNode, state: string): Promise<ForestNode>;
  addEdge(nodeId: string, waitsFor: string): Promise<void>;
  /** A column of a node. */
  read(column: string, id: string): Promise<unknown>;
}

const insertNode = sqlQuery<RawRow, ForestNode>(
  "INSERT INTO node (id, parent_id, title, body, state) " +
    "VALUES (:id, :parent_id, :title, :body, :state)",
);

/** Opens a store, makes the forest's tables and ensures the declared indexes. */
export async function openForest(
  { create, open }: IndexRuleSubject,
  declarations: readonly IndexDeclaration[] = forestIndexes,
): Promise<Forest> {
  const store = await open();
  const { database, transactions } = store;
  const { connection } = transactions;
  await transactions.atomic(async (transaction) => {
    for (const table of forestTables)
      for (const sql of database.dialect.createTable(table)) await transaction.execute(sql);
  });
  const indexes = create({
    transactions,
    dialect: database.dialect,
    tables: forestTables,
    declarations,
  });
  await indexes.ensure();

  return {
    ...store,
    indexes,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    addNode: (id, values = {}) =>
      transactions.atomic(async () => {
        const node = { id, parent_id: null, title: id, body: "", state: "open", ...values };
        await connection.run(insertNode, node);
        await indexes.batchUpdate([{ table: "node", after: node }]);
        return node;
      }),
    setState: (before, state) =>
      transactions.atomic(async (transaction) => {
        const after = { ...before, state };
        await transaction.execute("UPDATE node SET state = ? WHERE id = ?", [state, before.id]);
        await indexes.batchUpdate([{ table: "node", before, after }]);
        return after;
      }),
    addEdge: (nodeId, waitsFor) =>
      transactions.atomic(async (transaction) => {
        await transaction.execute("INSERT INTO edge VALUES (?, ?)", [nodeId, waitsFor]);
        const after = { node_id: nodeId, waits_for: waitsFor };
        await indexes.batchUpdate([{ table: "edge", after }]);
      }),
    async read(column, id) {
      const query = sqlQuery<RawRow, { id: string }>(
        `SELECT ${column} AS value FROM node WHERE id = :id`,
      );
      return (await connection.get(query, { id }))?.["value"];
    },
  };
}
