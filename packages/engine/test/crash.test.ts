import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { openEngine } from "@atlas/engine";
import { openSqlite } from "@atlas/storage/sqlite";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { expect, it } from "vitest";
import { books, references, shelves } from "../src/testing/library-fixture.ts";

const script = fileURLToPath(new URL("fixtures/save-until-killed.ts", import.meta.url));

/** Runs a writer, kills it after so many acknowledged books, and names those. */
async function killAfter(path: string, prefix: string, count: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ["--conditions=@atlas/source", script, path, prefix], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split("\n").length > count) child.kill("SIGKILL");
  });
  await once(child, "close");
  return output.split("\n").slice(0, -1);
}

it("Q4: what a killed process acknowledged is there, logged, counted and found", async () => {
  // Goal: row, log, count and search index are one transaction, whenever the process dies.
  // Method: real processes on one file, killed in the middle of saves; then everything is compared.
  await using temporary = await openTemporaryDatabase();
  const path = `${temporary.path}.crash`;
  const acknowledged: string[] = [];
  for (const [at, count] of [1, 30, 77, 150].entries()) {
    acknowledged.push(...(await killAfter(path, `p${at}`, count)));
  }

  await using database = await openSqlite(path);
  await using engine = await openEngine({ database, collections: [books, shelves, references] });
  const stored = await engine.collection(books).count();
  const changes = await engine.connection.execute(
    "SELECT count(*) AS n FROM atlas_change WHERE collection = 'book'",
  );

  for (const id of acknowledged) {
    expect(await engine.collection(books).get(id)).toMatchObject({ id, version: 1 });
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(258);
  expect(changes.rows).toEqual([{ n: stored }]);
  expect((await engine.collection(shelves).get("s"))?.books).toBe(stored);
  expect(await engine.indexes.count("book_search")).toBe(stored);
  expect(await engine.verify()).toMatchObject({ ok: true, findings: [] });
}, 60_000);
