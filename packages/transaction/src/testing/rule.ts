import assert from "node:assert/strict";
import { AtlasError } from "@atlas/errors";
import type { Database, Query } from "@atlas/storage";
import type { TransactionManager } from "../transaction.ts";

/** What a rule works on: an empty store and a manager over it. */
export interface TransactionFixture {
  readonly database: Database;
  readonly manager: TransactionManager;
}

/** One promise of `TransactionManager`: `check` throws when it is broken. */
export interface TransactionRule {
  readonly name: string;
  readonly check: (fixture: TransactionFixture) => Promise<void>;
}

/** @internal */
export interface Item {
  readonly name: string;
}

/** @internal */
export const insertItem: Query<never, Item> = {
  sql: "INSERT INTO items (name) VALUES (?)",
  params: [{ placeholder: "name" }],
};

/** @internal */
export const allNames: Query<Item> = { sql: "SELECT name FROM items ORDER BY name", params: [] };

/** @internal */
export type Inserter = Pick<TransactionManager["connection"], "run">;

/** @internal */
export async function insert(connection: Inserter, name: string): Promise<void> {
  await connection.run(insertItem, { name });
}

/** @internal */
export async function createItems({ manager }: TransactionFixture): Promise<void> {
  await manager.connection.execute("CREATE TABLE items (name TEXT PRIMARY KEY)");
}

/** @internal */
export async function names({ database }: TransactionFixture): Promise<readonly string[]> {
  return (await database.all(allNames)).map((row) => row.name);
}

/** @internal */
export async function assertCode(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => AtlasError.is(error) && error.code === code);
}
