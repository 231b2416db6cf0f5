import type { IndexCoordinator } from "@atlas/indexing";
import { type Connection, from, param, type Query, type RawRow, type Table } from "@atlas/storage";
import { AtlasError } from "@atlas/errors";
import type { CollectionRuntime } from "./collection-runtime.ts";
import { withoutOwned } from "./collection-runtime.ts";
import type { Row } from "./collection-statements.ts";
import type { VerifyOptions } from "./engine.ts";
import type { EngineFinding, EngineRecordFinding, EngineReport } from "./engine-report.ts";
import { afterCondition, keysetName, type KeysetTerm } from "./keyset.ts";
import type { CursorValue } from "./query-cursor.ts";
import { keyText } from "./record-key.ts";

/** Records read at once; others may write between two pages. */
const pageSize = 500;
/** Issues kept of one record. */
const issuesMax = 10;

/** What verification works with. */
export interface VerifyParts {
  readonly connection: Connection;
  readonly indexes: IndexCoordinator;
  readonly collections: readonly CollectionRuntime[];
  readonly quote: (name: string) => string;
  /** Finds damage of the file itself. */
  readonly checkStorage: (() => Promise<readonly string[]>) | undefined;
}

/** Compares everything with everything; see `UnifiedStorageEngine.verify`. */
export async function verifyStore(
  parts: VerifyParts,
  { findingsMax = 100, signal }: VerifyOptions,
): Promise<EngineReport> {
  const findings: EngineFinding[] = [];
  let truncated = false;
  const keep = (finding: EngineFinding): void => {
    if (findings.length < findingsMax) findings.push(finding);
    else truncated = true;
  };
  for (const problem of (await parts.checkStorage?.()) ?? []) keep({ source: "storage", problem });
  // What is read from a damaged file says nothing, and reading it may fail.
  if (findings.length > 0) return { ok: false, findings, truncated, indexes: 0, records: 0 };
  signal?.throwIfAborted();
  const report = await parts.indexes.verify();
  for (const finding of report.findings) keep({ source: "index", finding });
  let records = 0;
  for (const runtime of parts.collections) {
    for await (const rows of pagesOf(parts, runtime)) {
      signal?.throwIfAborted();
      records += rows.length;
      for (const row of rows) await verifyRecord(runtime, row, keep);
    }
  }
  return {
    ok: findings.length === 0,
    findings,
    truncated: truncated || report.truncated,
    indexes: report.verified.length,
    records,
  };
}

// All rows of a collection as they are stored, in the order of the key.
async function* pagesOf(
  { connection, quote }: VerifyParts,
  { definition }: CollectionRuntime,
): AsyncGenerator<readonly RawRow[]> {
  const { table, key } = definition;
  let source = from(table as Table).select(...Object.keys(table.columns));
  for (const column of key) source = source.orderBy(column);
  const limited = source.limit(pageSize);
  let after: Row | undefined;
  do {
    const terms = key.map((column): KeysetTerm => {
      const value = (after?.[column] ?? null) as CursorValue;
      return { column, direction: "asc", sql: quote(column), nullable: false, value };
    });
    const { sql, names } = afterCondition(terms);
    const place =
      after === undefined
        ? limited
        : limited.unsafeWhere(
            sql,
            names.map((name) => param(name)),
          );
    const { sql: text, params } = (place as typeof limited).build();
    // Without the decoder: a row that cannot be decoded is one of the findings.
    const query: Query<RawRow, Row> = { sql: text, params };
    const values = Object.fromEntries(terms.map(({ value }, at) => [keysetName(at), value]));
    const rows: readonly RawRow[] = await connection.all(query, values);
    yield rows;
    after = rows.length === pageSize ? rows.at(-1) : undefined;
  } while (after !== undefined);
}

async function verifyRecord(
  runtime: CollectionRuntime,
  raw: RawRow,
  keep: (finding: EngineRecordFinding) => void,
): Promise<void> {
  const { definition, statements, schemas } = runtime;
  const report = (issues: EngineRecordFinding["issues"]): void =>
    keep({
      source: "record",
      collection: definition.name,
      key: keyText(definition, raw),
      issues: issues.slice(0, issuesMax),
    });
  let record: Row;
  try {
    record = statements.selectOne.decode?.(raw) ?? raw;
  } catch (error) {
    if (!AtlasError.is(error)) throw error;
    return report([{ code: error.code, path: String(error.details["column"] ?? "") }]);
  }
  const { ok, issues } = await schemas.validate(withoutOwned(runtime, record));
  if (!ok) report(issues.map(({ code, path }) => ({ code, path: path.join(".") })));
}
