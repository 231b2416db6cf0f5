import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { conditionTerm } from "../../src/optimizer/condition-term.ts";
import { withoutIndexHints } from "../../src/optimizer/index-hints.ts";
import { readBlocks, type StatementBlock } from "../../src/optimizer/statement-blocks.ts";
import { lexSql } from "../../src/optimizer/sql-lexemes.ts";
import { parseSqlTree, splitConjunction, textOfNodes } from "../../src/optimizer/sql-tree.ts";
import { writeTargetOf } from "../../src/optimizer/write-target.ts";

const blocksOf = (sql: string): readonly StatementBlock[] => readBlocks(parseSqlTree(sql) ?? []);
const termsOf = (sql: string): string[] =>
  splitConjunction(parseSqlTree(sql) ?? []).map((nodes) => textOfNodes(sql, nodes));
const columns = new Map([
  ["t", new Set(["a", "b", "c"])],
  ["u", new Set(["x", "y"])],
]);
const columnsOf = (table: string): Set<string> | undefined => columns.get(table);

describe("D2: reading statements", () => {
  test("lexemes cover everything but spaces and comments, in order", () => {
    const sql = "SELECT a->>'$', \"x y\".b/* c */, 1.5e-3||x'0f', 0xFF <= ?, :n -- end";

    expect(lexSql(sql).map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "word SELECT",
      "word a",
      "operator ->>",
      "string '$'",
      "operator ,",
      'name "x y"',
      "operator .",
      "word b",
      "operator ,",
      "number 1.5e-3",
      "operator ||",
      "blob x'0f'",
      "operator ,",
      "number 0xFF",
      "operator <=",
      "placeholder ?",
      "operator ,",
      "placeholder :n",
    ]);
    for (const { text, start, end } of lexSql(sql)) expect(sql.slice(start, end)).toBe(text);
  });

  test("any text is read without an error or refused as a whole", () => {
    const parts = fc.constantFrom(
      "SELECT",
      "FROM t",
      "(",
      ")",
      "'",
      '"',
      "a",
      "AND",
      ",",
      "1",
      "?",
      "--",
      "/*",
      "JOIN",
      "ON",
      "AS",
      ".",
      "IN",
      "ORDER BY",
      "LIMIT",
      "WITH",
      "UNION",
      "CASE",
      "END",
      "BETWEEN",
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (list) => {
        const nodes = parseSqlTree(list.join(" "));
        for (const block of readBlocks(nodes ?? [])) {
          for (const source of block.sources) {
            for (const term of block.terms) conditionTerm(term, source, { block, columnsOf });
          }
        }
        writeTargetOf(nodes ?? []);
      }),
      { numRuns: 2_000 },
    );
    expect(parseSqlTree("(")).toBeUndefined();
    expect(parseSqlTree(")")).toBeUndefined();
    expect(parseSqlTree("(".repeat(300) + ")".repeat(300))).toBeUndefined();
  });

  test.for([
    ["a = 1 AND b = 2", ["a = 1", "b = 2"]],
    ["(a = 1 AND (b = 2 AND c))", ["a = 1", "b = 2", "c"]],
    ["a BETWEEN 1 AND 2 AND b = 3", ["a BETWEEN 1 AND 2", "b = 3"]],
    ["a = 1 OR b = 2 AND c = 3", ["a = 1 OR b = 2 AND c = 3"]],
    ["CASE WHEN a AND b THEN 1 ELSE 0 END AND c", ["CASE WHEN a AND b THEN 1 ELSE 0 END", "c"]],
    ["(SELECT 1) AND b", ["(SELECT 1)", "b"]],
  ] as const)("%s falls into conditions that must all hold", ([sql, terms]) => {
    expect(termsOf(sql)).toEqual(terms);
  });

  test("sources, joins and clauses of a block are told apart", () => {
    const [block] = blocksOf(
      "SELECT DISTINCT t.a, count(*) AS n FROM main.t AS t LEFT JOIN u ON u.x = t.a AND u.y > 1, json_each(?) j " +
        "WHERE t.b IS NOT DISTINCT FROM 2 GROUP BY t.a HAVING n > 1 ORDER BY n DESC, t.a NULLS LAST LIMIT 5",
    );

    expect(block).toMatchObject({ verb: "select", distinct: true, limit: 5, compound: 1 });
    expect(block!.sources).toEqual([
      { name: "t", table: "t", optional: false },
      { name: "u", table: "u", optional: true },
      { name: "j", optional: false },
    ]);
    expect(block!.terms).toHaveLength(3);
    expect(block!.orderBy.map(({ descending }) => descending)).toEqual([true, false]);
    expect(block!.groupBy).toHaveLength(1);
  });

  test("blocks inside blocks are found, and know the one around them", () => {
    const blocks = blocksOf(
      "WITH q AS (SELECT a FROM t) SELECT a FROM q WHERE EXISTS (SELECT 1 FROM u WHERE x = q.a) " +
        "UNION ALL SELECT x FROM u WHERE y IN (SELECT b FROM t) ORDER BY 1 LIMIT ?",
    );

    const names = blocks.map(({ sources }) => sources.map(({ name }) => name).join());
    expect(names.toSorted()).toEqual(["q", "t", "t", "u", "u"]);
    expect(blocks.filter(({ compound }) => compound === 2)).toHaveLength(2);
    expect(blocks.find(({ outer }) => outer?.sources[0]?.name === "q")?.terms).toHaveLength(1);
    expect(blocks.some(({ limit }) => limit === "unknown")).toBe(true);
  });

  test.for([
    ["t.a = ?", "equal", false],
    ["? = a", "equal", false],
    ["a IS NULL", "equal", true],
    ["a ISNULL", "equal", true],
    ["a IN (1, 2)", "equal", true],
    ["a IN (SELECT x FROM u)", "equal", false],
    ["a > ?", "range", false],
    ["a BETWEEN ? AND ?", "range", false],
    ["lower(a) = 'x'", "equal", true],
    ["a <> 1", "other", true],
    ["a NOT IN (1)", "other", true],
    ["a IS NOT 1", "other", true],
    ["a IS DISTINCT FROM b", "other", true],
    ["random() = a", "equal", false],
    ["a + ? = 1", "other", false],
    ["a LIKE ?", "other", false],
    ["a = b", "other", true],
  ] as const)("%s is %s", ([condition, kind, constant]) => {
    const [block] = blocksOf(`SELECT * FROM t WHERE ${condition}`);
    const source = block!.sources[0]!;

    const term = conditionTerm(block!.terms[0]!, source, { block: block!, columnsOf });

    expect(term).toMatchObject({ kind, constant });
  });

  test("a condition that joins belongs to both sides, one of another source to neither", () => {
    const [block] = blocksOf("SELECT * FROM t JOIN u ON t.a = u.x WHERE y = 1");
    const [t, u] = block!.sources;
    const place = { block: block!, columnsOf };

    expect(conditionTerm(block!.terms[0]!, t!, place)).toMatchObject({
      kind: "equal",
      joins: true,
    });
    expect(conditionTerm(block!.terms[0]!, u!, place)).toMatchObject({
      kind: "equal",
      joins: true,
    });
    expect(conditionTerm(block!.terms[1]!, t!, place)).toBeUndefined();
  });

  test.for([
    ["INSERT OR IGNORE INTO main.t (a) SELECT x FROM u", { verb: "insert", table: "t" }],
    ["REPLACE INTO t VALUES (1)", { verb: "insert", table: "t" }],
    [
      "WITH q AS (SELECT 1) UPDATE t SET a = 1, (b, c) = (2, 3) WHERE a",
      { verb: "update", assigned: ["a", "b", "c"] },
    ],
    ['DELETE FROM "t" WHERE a = 1', { verb: "delete", table: "t" }],
    ["SELECT 1", undefined],
    ["PRAGMA optimize", undefined],
  ] as const)("%s writes", ([sql, target]) => {
    const found = writeTargetOf(parseSqlTree(sql)!);
    expect(found === undefined).toBe(target === undefined);
    expect(found ?? {}).toMatchObject(target ?? {});
  });

  test("index hints are taken out, and nothing else", () => {
    expect(withoutIndexHints("SELECT 'INDEXED BY x' FROM t INDEXED BY \"i\" WHERE a")).toBe(
      "SELECT 'INDEXED BY x' FROM t  WHERE a",
    );
    expect(withoutIndexHints("SELECT a FROM t NOT INDEXED")).toBe("SELECT a FROM t NOT INDEXED");
  });
});
