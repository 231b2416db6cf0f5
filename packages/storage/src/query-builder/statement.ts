import { queryInvalid, shown } from "./query-invalid.ts";
import type { SelectPlace, SelectSql } from "./select-place.ts";
import type { SelectState } from "./select-state.ts";
import { joinParts, noSql, type SqlPart } from "./sql-part.ts";
import { commonTableSql } from "./with-sql.ts";
import type { WithState } from "./with-state.ts";

/** Conditions a statement may have in all its parts; the database's own limit is near 1,000. */
const conditionsMax = 500;

/** Tables a statement may read in all its parts: so many the database can join. */
const tablesMax = 64;

/** Queries that may stand inside each other. */
const nestingMax = 16;

/** Compiles a query that returns rows, alone or inside another one. */
export type CompileRows = (state: SelectState, place: SelectPlace) => SelectSql;

/** A query that the statement reads like a table. */
interface UsedWith {
  readonly query: WithState;
  readonly part: SqlPart;
  /** What each use of it adds to the statement, as if it stood in its place. */
  readonly tables: number;
  readonly conditions: number;
}

/** What all parts of one statement share: the queries it reads like tables, and its limits. */
export class Statement {
  readonly #compileRows: CompileRows;
  readonly #withs = new Map<string, UsedWith>();
  readonly #tableNames = new Set<string>();
  #tables = 0;
  #conditions = 0;
  #depth = 0;

  /** `compileRows` is an argument because queries need statements as these need queries. */
  constructor(compileRows: CompileRows) {
    this.#compileRows = compileRows;
  }

  /** Notes that a declared table is read or written. */
  useTable(name: string): void {
    this.#tableNames.add(name.toLowerCase());
    this.useTables(1);
  }

  /** Puts a query before the statement, once; queries it reads itself come first. */
  useWith(query: WithState): void {
    const key = query.name.toLowerCase();
    const used = this.#withs.get(key) ?? this.#compiled(query);
    if (used.query !== query) {
      throw queryInvalid("with", `two queries are named ${shown(query.name)}; rename one`);
    }
    this.#withs.set(key, used);
    this.useTables(used.tables);
    this.useConditions(used.conditions);
  }

  /** Counts conditions. */
  useConditions(count: number): void {
    this.#conditions += count;
    if (this.#conditions > conditionsMax) {
      throw queryInvalid("where", `the query has more than ${conditionsMax} conditions in all`);
    }
  }

  /** Counts tables. */
  useTables(count: number): void {
    this.#tables += count;
    if (this.#tables > tablesMax) {
      throw queryInvalid("join", `the query reads more than ${tablesMax} tables in all`);
    }
  }

  /** Compiles a query inside the statement. */
  nested<T>(compile: () => T): T {
    this.#depth += 1;
    if (this.#depth > nestingMax) {
      throw queryInvalid("where", `more than ${nestingMax} queries stand inside each other`);
    }
    const compiled = compile();
    this.#depth -= 1;
    return compiled;
  }

  /** The text before the statement. */
  withSql(): SqlPart {
    if (this.#withs.size === 0) return noSql;
    for (const [name, { query }] of this.#withs) {
      if (this.#tableNames.has(name)) {
        throw queryInvalid("with", `${shown(query.name)} is also a table of the query; rename one`);
      }
    }
    const used = [...this.#withs.values()];
    const list = joinParts(
      used.map(({ part }) => part),
      ", ",
    );
    const isRecursive = used.some(({ query }) => query.recursion !== undefined);
    return { sql: `WITH ${isRecursive ? "RECURSIVE " : ""}${list.sql} `, params: list.params };
  }

  #compiled(query: WithState): UsedWith {
    const [tables, conditions] = [this.#tables, this.#conditions];
    const part = this.nested(() =>
      commonTableSql(query, (state, self) =>
        this.#compileRows(state, { statement: this, outer: [], self }),
      ),
    );
    const used = {
      query,
      part,
      tables: this.#tables - tables,
      conditions: this.#conditions - conditions,
    };
    [this.#tables, this.#conditions] = [tables, conditions];
    return used;
  }
}
