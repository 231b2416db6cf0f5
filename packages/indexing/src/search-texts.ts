import { checkOptions } from "@atlas/errors";
import type { Dialect } from "@atlas/storage";
import type { Tables } from "./check-declarations.ts";
import { indexError } from "./errors.ts";
import type { IndexDeclaration, SearchIndexDeclaration } from "./index-declaration.ts";
import type {
  RankedSearch,
  RankedSearchOptions,
  SearchCondition,
  SearchOptions,
} from "./search-condition.ts";

/** Turns typed texts into parts of queries. */
export class SearchTexts {
  readonly #dialect: Dialect;
  /** The text of a condition by name of the index: made once. */
  readonly #conditions = new Map<string, string>();

  constructor(
    {
      dialect,
      declarations,
    }: { readonly dialect: Dialect; readonly declarations: readonly IndexDeclaration[] },
    tables: Tables,
  ) {
    this.#dialect = dialect;
    for (const declaration of declarations) {
      if (declaration.kind !== "search") continue;
      const [key] = tables.get(declaration.table)!.primaryKey;
      this.#conditions.set(declaration.name, dialect.searchCondition(declaration, key!));
    }
  }

  condition(declaration: IndexDeclaration, text: string, options: SearchOptions): SearchCondition {
    checkOptions("search", options, { columns: "any", match: ["all", "any"] });
    const index = searchable(declaration, options.columns);
    const sql = this.#conditions.get(index.name)!;
    return { sql, params: [this.#dialect.searchText(text, index, options)] };
  }

  ranked(declaration: IndexDeclaration, text: string, options: RankedSearchOptions): RankedSearch {
    checkOptions("rankedSearch", options, {
      columns: "any",
      match: ["all", "any"],
      weights: "any",
      column: "any",
      before: "any",
      after: "any",
      ellipsis: "any",
      words: { min: 1, max: 64 },
    });
    const { columns = [], weights = {}, column } = options;
    const named = [...columns, ...Object.keys(weights), ...(column === undefined ? [] : [column])];
    const index = searchable(declaration, named);
    const { condition, ...parts } = this.#dialect.rankedSearch(index, options);
    return { ...parts, sql: condition, params: [this.#dialect.searchText(text, index, options)] };
  }
}

function searchable(
  declaration: IndexDeclaration,
  named: readonly string[] | undefined,
): SearchIndexDeclaration {
  const { name } = declaration;
  if (declaration.kind !== "search") {
    throw indexError(
      "index.not_searchable",
      `The index "${name}" is not a search index, so no text can be looked up in it.`,
      { details: { index: name } },
    );
  }
  const stranger = named?.find((column) => !Object.hasOwn(declaration.columns, column));
  if (stranger === undefined) return declaration;
  const known = Object.keys(declaration.columns);
  throw indexError(
    "index.search_invalid",
    `The index "${name}" has no column "${stranger}". It has ${known.join(", ")}.`,
    { details: { index: name, column: stranger, known } },
  );
}
