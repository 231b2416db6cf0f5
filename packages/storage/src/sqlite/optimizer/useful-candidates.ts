import { setImmediate } from "node:timers/promises";
import { identifierLengthMax } from "../../define-table.ts";
import type { IndexDefinition } from "../../dialect.ts";
import { sqliteDialect } from "../sqlite-dialect.ts";
import { candidateKey, type IndexCandidate, indexCandidates } from "./index-candidates.ts";
import type { SampledIndex, Samples, TableSample } from "./sample-tables.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import { priceAgain, type WorkloadItem } from "./workload.ts";

/** An index with a condition holds at most this share of the table, or it is no better than one without. */
const partialShareMax = 0.5;

/** Candidates that are tried over the whole workload, those of dear statements first. */
const candidatesMax = 200;

/** Candidate as an index that can be made. */
export interface Proposed {
  readonly candidate: IndexCandidate;
  readonly definition: IndexDefinition;
  readonly sql: string;
  readonly measured: SampledIndex;
}

/** Candidates that are tried as one: nearly always a single one. */
export type Bundle = readonly Proposed[];

/** Candidates that SQLite takes for some statement when it may choose among all of them. */
export async function usefulCandidates(
  copy: SchemaCopy,
  items: readonly WorkloadItem[],
  samples: Samples,
): Promise<readonly Bundle[]> {
  const useful = new Map<string, Bundle>();
  const names = namesIn(copy);
  const proposals = new Map<string, Promise<Proposed | undefined>>();
  const worth = (item: WorkloadItem): number => item.runs * item.plan.total;
  for (const item of items.toSorted((a, b) => worth(b) - worth(a))) {
    if (useful.size >= candidatesMax) break;
    await setImmediate();
    const all: Proposed[] = [];
    for (const candidate of indexCandidates(copy, item.statement)) {
      const key = candidateKey(candidate);
      const known = proposals.get(key) ?? propose(candidate, { copy, names, samples });
      proposals.set(key, known);
      const proposal = await known;
      if (proposal !== undefined) all.push(proposal);
    }
    for (const bundle of takenBySqlite(copy, item, all)) {
      useful.set(bundle.map(({ definition }) => definition.name).join(" "), bundle);
    }
  }
  return [...useful.values()];
}

/** Those SQLite uses; without them once more, because one that is best here may be too special. */
function takenBySqlite(
  copy: SchemaCopy,
  item: WorkloadItem,
  proposed: readonly Proposed[],
): readonly Bundle[] {
  const taken: Bundle[] = [];
  let rest = proposed;
  for (let round = 0; round < 3 && rest.length > 0; round += 1) {
    const used = copy.tryOut(() => {
      createAll(copy, rest);
      return priceAgain(copy, item).usedIndexes;
    });
    const now = rest.filter(({ definition }) => used.includes(definition.name));
    if (now.length === 0) break;
    taken.push(...now.map((one) => [one]));
    // Both sides of an OR need an index before either is of use.
    if (now.length > 1) taken.push(now);
    rest = rest.filter((each) => !now.includes(each));
  }
  return taken;
}

async function propose(
  candidate: IndexCandidate,
  place: { readonly copy: SchemaCopy; readonly names: Names; readonly samples: Samples },
): Promise<Proposed | undefined> {
  const { copy, samples } = place;
  const { table, columns, where } = candidate;
  const expressions = columns.map(({ text, isColumn }) =>
    isColumn ? sqliteDialect.quoteIdentifier(text) : text,
  );
  const definition: IndexDefinition = {
    name: nameFor(place.names, candidate),
    table: table.name,
    on: columns.map(({ text, isColumn, descending }, at) => {
      if (isColumn && !descending) return text;
      const expression = expressions[at]!;
      return descending ? { expression, direction: "desc" } : { expression };
    }),
    ...(where === undefined ? {} : { where }),
  };
  const [sql] = sqliteDialect.createIndex(definition);
  try {
    const sample = await samples(table);
    const measured = await withFixedValues(await sample.measure(expressions, where), {
      candidate,
      sample,
    });
    const share = (measured.numbers[0] ?? 0) / Math.max(1, sample.rows);
    if (where !== undefined && share > partialShareMax) return undefined;
    copy.tryOut(() => copy.createIndexes([{ table: table.name, sql: sql! }]));
    return { candidate, definition, sql: sql!, measured };
  } catch {
    // An expression that cannot be indexed, or needs what the text alone does not tell.
    return undefined;
  }
}

/**
 * Statistics hold averages over all values, but of a column that a statement
 * compares with a fixed value that value's share counts: of ready work nearly
 * all has no blockers. SQLite will know when it has sampled the new index.
 */
async function withFixedValues(
  { numbers, bytes }: SampledIndex,
  of: { readonly candidate: IndexCandidate; readonly sample: TableSample },
): Promise<SampledIndex> {
  const adjusted: number[] = [numbers[0] ?? 0];
  for (const [at, { fixed }] of of.candidate.columns.entries()) {
    const before = adjusted[at]!;
    const share = fixed === undefined ? 0 : ((await of.sample.share(fixed)) ?? 0);
    const average = numbers[at + 1] ?? 1;
    adjusted.push(Math.min(before, Math.max(average, Math.round(before * share))));
  }
  return {
    numbers: adjusted.map((number, at) => (at === 0 ? number : Math.max(1, number))),
    bytes,
  };
}

/** Names that are given or taken, with what they stand for. */
type Names = Map<string, string>;

function nameFor(names: Names, candidate: IndexCandidate): string {
  const { table, columns, where } = candidate;
  const words = columns.map(({ text, descending }) => {
    const word =
      text
        .toLowerCase()
        .match(/[a-z0-9_]+/g)
        ?.join("_") ?? "expression";
    return descending ? `${word}_desc` : word;
  });
  const all = [table.name, ...words, ...(where === undefined ? [] : ["where"])].join("_");
  const base = all.slice(0, identifierLengthMax - 4);
  const key = candidateKey(candidate);
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}_${count}`;
    const known = names.get(name.toLowerCase()) ?? key;
    if (known !== key) continue;
    names.set(name.toLowerCase(), key);
    return name;
  }
}

function namesIn(copy: SchemaCopy): Names {
  const tables = [...copy.tables.values()];
  const taken = tables.flatMap(({ name, indexes }) => [name, ...indexes.map((each) => each.name)]);
  return new Map(taken.map((name) => [name.toLowerCase(), ""]));
}

/** Makes the indexes of a bundle in the copy. */
export function createAll(copy: SchemaCopy, proposed: readonly Proposed[]): void {
  copy.createIndexes(
    proposed.map(({ definition: { name, table }, sql, measured }) => {
      return {
        table,
        sql,
        statistics: { tbl: table, idx: name, stat: measured.numbers.join(" ") },
      };
    }),
  );
}
