import type { TableDefinition } from "@atlas/storage";
import { indexError } from "./errors.ts";
import type {
  AffectingChange,
  IndexDeclaration,
  MaintainedColumnDeclaration,
  SearchIndexDeclaration,
} from "./index-declaration.ts";

/** Declarations one coordinator looks after at most. */
const declarationsMax = 1_000;

/** Tables by name. */
export type Tables = ReadonlyMap<string, TableDefinition>;

/**
 * Refuses declarations that name what does not exist, or each other's names.
 *
 * @throws {AtlasError} index.declaration_invalid
 */
export function checkDeclarations(declarations: readonly IndexDeclaration[], tables: Tables): void {
  if (declarations.length > declarationsMax) {
    throw indexError(
      "index.declaration_invalid",
      `${declarations.length} indexes are declared; at most ${declarationsMax} are accepted.`,
    );
  }
  const names = new Set<string>();
  for (const declaration of declarations) {
    const name = declaration.name.toLowerCase();
    if (names.has(name)) throw invalid(declaration, "another one has the same name");
    names.add(name);
    checkDeclaration(declaration, tables);
  }
}

function checkDeclaration(declaration: IndexDeclaration, tables: Tables): void {
  if (
    !/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(declaration.name) ||
    /^sqlite_/i.test(declaration.name)
  ) {
    throw invalid(declaration, "its name is not an identifier");
  }
  const columns = tables.get(declaration.table)?.columns;
  if (columns === undefined) throw invalid(declaration, "its table is not declared");
  const requireColumn = (name: string): void => {
    if (Object.hasOwn(columns, name)) return;
    throw invalid(declaration, `the table has no column "${name}"`);
  };
  switch (declaration.kind) {
    case "primary":
      return;
    case "unique":
    case "secondary":
      if (declaration.on.length === 0) throw invalid(declaration, "it names no columns");
      for (const part of declaration.on) if (typeof part === "string") requireColumn(part);
      return;
    case "search":
      if (Object.keys(declaration.columns).length === 0) {
        throw invalid(declaration, "it names no columns");
      }
      for (const [name, weight] of Object.entries(declaration.columns)) {
        requireColumn(name);
        if (columns[name]?.type !== "text") throw invalid(declaration, `"${name}" is not text`);
        if (!(weight > 0 && weight <= 1_000)) {
          throw invalid(declaration, `the weight of "${name}" is not above 0 and at most 1,000`);
        }
      }
      checkWords(declaration);
      return;
    case "maintained":
      requireColumn(declaration.column);
      requireColumn(declaration.key);
      checkMaintained(declaration, tables);
      return;
    default:
      throw invalid(declaration, "its kind is unknown");
  }
}

function checkWords(declaration: SearchIndexDeclaration): void {
  const { prefix = [], stem, substring } = declaration;
  if (prefix.length > 4 || !prefix.every((n) => Number.isInteger(n) && n >= 1 && n <= 31)) {
    throw invalid(declaration, "its prefixes are not up to four whole numbers from 1 to 31");
  }
  if (stem !== undefined && stem !== "english") {
    throw invalid(declaration, `there is no stem "${String(stem)}"`);
  }
  if (substring === true && (prefix.length > 0 || stem !== undefined)) {
    throw invalid(declaration, "an index for substrings has neither prefixes nor a stem");
  }
}

function checkMaintained(declaration: MaintainedColumnDeclaration, tables: Tables): void {
  const { table, key, column } = declaration;
  if (tables.get(table)?.primaryKey.join() !== key) {
    throw invalid(declaration, `"${key}" alone is not the primary key of its table`);
  }
  if (column === key) throw invalid(declaration, "it would maintain its own key");
  if (declaration.expression.trim() === "") throw invalid(declaration, "its expression is empty");
  for (const change of declaration.affectedBy ?? []) checkAffecting(declaration, change, tables);
}

function checkAffecting(
  declaration: MaintainedColumnDeclaration,
  change: AffectingChange,
  tables: Tables,
): void {
  const { table, columns = [], via, through } = change;
  const requireAll = (owner: string, names: readonly string[]): void => {
    const definition = tables.get(owner);
    if (definition === undefined) throw invalid(declaration, `table "${owner}" is not declared`);
    const missing = names.find((name) => !Object.hasOwn(definition.columns, name));
    if (missing === undefined) return;
    throw invalid(declaration, `table "${owner}" has no column "${missing}"`);
  };
  requireAll(table, [...columns, via]);
  if (through !== undefined) requireAll(through.table, [through.match, through.key]);
}

function invalid(declaration: IndexDeclaration, reason: string): Error {
  const { name, table } = declaration;
  return indexError(
    "index.declaration_invalid",
    `The index "${name}" of table "${table}" cannot be used: ${reason}. Correct the declaration.`,
    { details: { index: name, table, reason } },
  );
}
