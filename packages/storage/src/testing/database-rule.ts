import type { Database } from "../database.ts";
import { defineTable } from "../define-table.ts";
import { insertInto } from "../query-builder/insert-query.ts";
import { from } from "../query-builder/select-query.ts";
import { param } from "../query-builder/param.ts";
import type { Query } from "../query.ts";
import type { Table } from "../table.ts";

/** Opens an empty database; the rule closes it. */
export type OpenDatabase = () => Promise<Database>;

/** One promise that every `Database` keeps. */
export interface DatabaseRule {
  /** The promise, as a claim. */
  readonly name: string;
  /** Rejects when the promise is broken. */
  readonly check: (open: OpenDatabase) => Promise<void>;
}

const columns = {
  key: { type: "text" },
  amount: { type: "integer", default: 0 },
  ready: { type: "boolean", default: false },
  labels: { type: "json", default: "[]" },
  note: { type: "text", nullable: true },
} as const;

/** A row of the table the rules work on. */
export interface Account {
  readonly key: string;
  readonly amount: number;
}

/** The table the rules work on. */
export const accounts: Table<typeof columns, "accounts"> = defineTable("accounts", {
  columns,
  primaryKey: ["key"],
});

/** Adds one row. */
export const addAccount: Query<never, Account> = insertInto(accounts)
  .columns("key", "amount")
  .build();

/** One row by its key. */
export const accountByKey: Query<Account, Pick<Account, "key">> = from(accounts)
  .select("key", "amount")
  .where("key", "eq", param("key"))
  .build();

/** Every row, in order. */
export const allAccounts: Query<Account> = from(accounts)
  .select("key", "amount")
  .orderBy("key")
  .build();

/** An open database in which the table of the rules exists. */
export async function openWithAccounts(open: OpenDatabase): Promise<Database> {
  const database = await open();
  await database.write(async (connection) => {
    for (const statement of database.dialect.createTable(accounts)) {
      await connection.execute(statement);
    }
  });
  return database;
}
