import type { Dialect } from "@atlas/storage";
import type { IndexSuggestion, QueryLog, QueryOptimizer } from "@atlas/storage/optimizer";
import type { IndexDeclaration } from "./index-declaration.ts";

/** What advice is made from. */
export interface AdviceSource {
  /** Of the store whose indexes are looked after. */
  readonly optimizer: Pick<QueryOptimizer, "suggestIndexes">;
  /** What has really run; the store must have been opened with it. */
  readonly log: QueryLog;
}

/** What the statements that really ran say about the declared indexes. Nothing is created. */
export interface IndexAdvisory {
  /** Indexes that nobody declares and that would pay, those that save most first. */
  readonly missing: readonly MissingIndex[];
  /** Declared indexes that are not in the store and would pay: `ensure` makes them. */
  readonly pending: readonly string[];
  /** Declared indexes that the statements did not need. */
  readonly needless: readonly NeedlessIndex[];
  /** Of the whole log, each statement as often as it ran; in the unit of `QueryCost`. */
  readonly costBefore: number;
  readonly costAfter: number;
  /** Runs of statements that this is drawn from. */
  readonly runs: number;
}

/** An index that nobody declares. */
export interface MissingIndex {
  /** To be copied into the declarations; its name is a proposal. */
  readonly declaration: Extract<IndexDeclaration, { readonly kind: "secondary" | "unique" }>;
  readonly costBefore: number;
  readonly costAfter: number;
  readonly estimatedBytes: number;
  /** What each row written costs more. */
  readonly writeCost: number;
  /** Suggestions without which this one saves nothing. */
  readonly together: readonly string[];
  /** The statements that gain, those that gain most first. */
  readonly evidence: readonly AdviceEvidence[];
}

/** A statement of the log that would become cheaper. */
export interface AdviceEvidence {
  readonly sql: string;
  readonly runs: number;
  readonly totalMs: number;
  readonly costBefore: number;
  readonly costAfter: number;
}

/** A declared index that costs every write and serves no statement of the log. */
export interface NeedlessIndex {
  readonly name: string;
  /** `prefix`: `servedBy` begins with its columns. `unused` is only as good as the log is complete. */
  readonly reason: "prefix" | "unused";
  readonly servedBy?: string;
}

/** Compares what the log asks for with what is declared. */
export async function adviseIndexes(
  { optimizer, log }: AdviceSource,
  declarations: readonly IndexDeclaration[],
  dialect: Dialect,
): Promise<IndexAdvisory> {
  const advice = await optimizer.suggestIndexes(log);
  const entries = new Map(log.entries().map((entry) => [entry.sql, entry]));
  const declared = new Map(
    declarations.flatMap((declaration) =>
      declaration.kind === "secondary" || declaration.kind === "unique"
        ? [[shapeOf(declaration, dialect), declaration.name] as const]
        : [],
    ),
  );
  const missing = advice.create.filter(
    ({ definition }) => !declared.has(shapeOf(definition, dialect)),
  );
  return {
    missing: missing.map((suggestion) => missingOf(suggestion, entries)),
    pending: advice.create.flatMap(
      ({ definition }) => declared.get(shapeOf(definition, dialect)) ?? [],
    ),
    needless: advice.drop
      .filter(({ name }) => declarations.some((declaration) => declaration.name === name))
      .map(({ name, reason, servedBy }) => ({
        name,
        reason,
        ...(servedBy === undefined ? {} : { servedBy }),
      })),
    costBefore: advice.costBefore,
    costAfter: advice.costAfter,
    runs: [...entries.values()].reduce((sum, { runs }) => sum + runs, 0),
  };
}

function missingOf(
  suggestion: IndexSuggestion,
  entries: ReadonlyMap<string, { readonly runs: number; readonly totalMs: number }>,
): MissingIndex {
  const { definition, costBefore, costAfter, estimatedBytes, writeCost, together } = suggestion;
  const { unique, ...rest } = definition;
  return {
    declaration: { kind: unique === true ? "unique" : "secondary", ...rest },
    costBefore,
    costAfter,
    estimatedBytes,
    writeCost,
    together,
    evidence: suggestion.gains.map((gain) => {
      const { runs = 0, totalMs = 0 } = entries.get(gain.sql) ?? {};
      return { ...gain, runs, totalMs };
    }),
  };
}

/** What an index is, whatever it is called. */
function shapeOf(
  { table, on, where }: Pick<Parameters<Dialect["createIndex"]>[0], "table" | "on" | "where">,
  dialect: Dialect,
): string {
  return dialect
    .createIndex({ name: "i", table, on, ...(where === undefined ? {} : { where }) })
    .join(";")
    .replace(/\s+/g, " ");
}
