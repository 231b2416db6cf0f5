import type { Database, Query } from "@atlas/storage";
import { openTemporaryDatabase, type TemporaryDatabase } from "@atlas/storage/testing";
import type { OpenSqliteOptions } from "@atlas/storage/sqlite";

/** A library with 2,000 books by 100 authors and 6,000 loans, a tenth of them open. */
export async function openLibrary(options: OpenSqliteOptions = {}): Promise<TemporaryDatabase> {
  const temporary = await openTemporaryDatabase({ durability: "relaxed", ...options });
  await temporary.database.write(async (connection) => {
    for (const statement of schema) await connection.execute(statement);
  });
  return temporary;
}

const numbers = (count: number): string =>
  `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT ${count})`;

const schema: readonly string[] = [
  "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
  `CREATE TABLE book (
    id TEXT NOT NULL UNIQUE, author INTEGER NOT NULL REFERENCES author(id), title TEXT NOT NULL,
    year INTEGER NOT NULL, genre TEXT, pages INTEGER) STRICT`,
  `CREATE TABLE loan (
    book TEXT NOT NULL REFERENCES book(id), number INTEGER NOT NULL, reader TEXT NOT NULL,
    returned INTEGER, PRIMARY KEY (book, number)) STRICT, WITHOUT ROWID`,
  `${numbers(100)} INSERT INTO author SELECT n, 'author ' || n FROM n`,
  `${numbers(2_000)} INSERT INTO book
    SELECT 'b' || n, 1 + n % 100, 'title ' || n, 1900 + n % 50,
      CASE WHEN n % 10 = 0 THEN NULL ELSE 'genre ' || (n % 5) END, n % 700 FROM n`,
  `${numbers(6_000)} INSERT INTO loan
    SELECT 'b' || (1 + n % 2000), n, 'reader ' || (n % 300), CASE WHEN n % 10 = 0 THEN NULL ELSE n END
    FROM n`,
];

/** Runs text as it stands, with values in order. */
export function rowsOf(
  database: Database,
  sql: string,
  params: Query["params"] = [],
): Promise<object[]> {
  return database.all({ sql, params });
}
