/**
 * Which indexes a workload lacks: candidates from the conditions and orders of
 * each statement, made in a copy of the schema, kept only if SQLite uses them
 * and the whole workload, its writes included, becomes cheaper.
 */
import { setImmediate } from "node:timers/promises";
import type { IndexDefinition } from "../../dialect.ts";
import type { IndexSuggestion } from "../../optimizer/query-optimizer.ts";
import { indexWriteCost } from "./price-writes.ts";
import { type Bundle, createAll, type Proposed, usefulCandidates } from "./useful-candidates.ts";
import type { Samples } from "./sample-tables.ts";
import type { SchemaCopy } from "./schema-copy.ts";
import { costOf, priceAgain, type Workload, type WorkloadItem } from "./workload.ts";

/** A suggestion saves at least this share of what the workload costs with those before it. */
const savingShareMin = 0.002;

/** A suggestion saves at least this share of what one of its statements costs. */
const gainShareMin = 0.3;

/** Suggestions of one call. */
const suggestionsMax = 20;

/**
 * Finds indexes worth creating and leaves them in the copy; `items` are priced
 * with them afterwards.
 */
export async function suggestIndexes(
  copy: SchemaCopy,
  workload: Workload,
  samples: Samples,
): Promise<readonly IndexSuggestion[]> {
  const { items } = workload;
  const bundles = await usefulCandidates(copy, items, samples);
  const chosen: Chosen[] = [];
  // Once more after the last one: some help only beside what was chosen meanwhile.
  for (let before = -1; before < chosen.length;) {
    before = chosen.length;
    const waiting = await tryAll(copy, items, bundles);
    while (chosen.length < suggestionsMax) {
      const best = await takeBest(copy, items, waiting);
      if (best === undefined || best.saving < savingShareMin * costOf(items)) break;
      chosen.push(...accept(copy, items, best));
    }
  }
  return withoutSuperfluous(copy, items, chosen);
}

async function tryAll(
  copy: SchemaCopy,
  items: readonly WorkloadItem[],
  bundles: readonly Bundle[],
): Promise<Tried[]> {
  const found: Tried[] = [];
  for (const bundle of bundles) {
    // Each trial blocks for about a millisecond; others may go in between.
    await setImmediate();
    const tried = tryOut(copy, items, bundle);
    if (tried !== undefined) found.push(tried);
  }
  return found;
}

/**
 * The candidate that saves most now. Beside indexes that were chosen meanwhile
 * each saves less than it did alone, hardly ever more: so only those at the top
 * have to be tried again, until one is better than the next one ever was.
 */
async function takeBest(
  copy: SchemaCopy,
  items: readonly WorkloadItem[],
  waiting: Tried[],
): Promise<Tried | undefined> {
  let best: Tried | undefined;
  waiting.sort((a, b) => b.saving - a.saving);
  for (let at = 0; at < waiting.length;) {
    const next = waiting[at]!;
    if (best !== undefined && best.saving * (1 - alike) > next.saving) break;
    await setImmediate();
    const now = tryOut(copy, items, next.bundle);
    if (now === undefined) {
      waiting.splice(at, 1);
      continue;
    }
    waiting[at] = now;
    if (best === undefined || isBetter(now, best)) best = now;
    at += 1;
  }
  if (best !== undefined) waiting.splice(waiting.indexOf(best), 1);
  return best;
}

/** Savings that differ by less, as a share, are the same: then the smaller index is better. */
const alike = 0.001;

function isBetter(one: Tried, other: Tried): boolean {
  if (Math.abs(one.saving - other.saving) > alike * other.saving) return one.saving > other.saving;
  return bytesOf(one) < bytesOf(other);
}

function bytesOf({ bundle }: Tried): number {
  return bundle.reduce((total, { measured }) => total + measured.bytes, 0);
}

interface Change {
  readonly item: WorkloadItem;
  readonly plan: WorkloadItem["plan"];
}

interface Tried {
  readonly bundle: Bundle;
  /** For each index of the bundle. */
  readonly saving: number;
  readonly changes: readonly Change[];
}

interface Chosen {
  readonly proposed: Proposed;
  readonly suggestion: IndexSuggestion;
}

function tryOut(
  copy: SchemaCopy,
  items: readonly WorkloadItem[],
  offered: Bundle,
): Tried | undefined {
  // Of two that help together one may have been chosen alone meanwhile.
  const bundle = offered.filter(({ definition }) => !exists(copy, definition));
  if (bundle.length === 0) return undefined;
  const tables = bundle.map(({ definition }) => definition.table.toLowerCase());
  const changes = copy.tryOut(() => {
    createAll(copy, bundle);
    return items
      .filter(({ plan }) => tables.some((table) => plan.tables.has(table)))
      .map((item) => ({ item, plan: priceAgain(copy, item) }));
  });
  const gains = changes.some(
    ({ item, plan }) =>
      item.runs > 0 &&
      bundle.every(({ definition }) => plan.usedIndexes.includes(definition.name)) &&
      plan.total <= item.plan.total * (1 - gainShareMin),
  );
  if (!gains) return undefined;
  const saving = changes.reduce((total, change) => total + gainOf(change), 0);
  // Each index has to be worth it: two together come first only if neither helps alone.
  return saving > 0 ? { bundle, saving: saving / bundle.length, changes } : undefined;
}

function exists(copy: SchemaCopy, { table, name }: IndexDefinition): boolean {
  const facts = copy.tables.get(table.toLowerCase());
  return facts?.indexes.some((index) => index.name === name) === true;
}

function accept(
  copy: SchemaCopy,
  items: readonly WorkloadItem[],
  { bundle, changes }: Tried,
): readonly Chosen[] {
  const costBefore = costOf(items);
  createAll(copy, bundle);
  const gains = changes
    .filter(({ item, plan }) => item.runs > 0 && plan.total < item.plan.total)
    .toSorted((a, b) => gainOf(b) - gainOf(a))
    .map(({ item, plan }) => ({
      sql: item.statement.sql,
      costBefore: item.plan.total,
      costAfter: plan.total,
    }));
  for (const { item, plan } of changes) item.plan = plan;
  const costAfter = costOf(items);
  const names = bundle.map(({ definition }) => definition.name);
  return bundle.map((proposed) => {
    const { definition, sql, measured } = proposed;
    const table = copy.tables.get(definition.table.toLowerCase())!;
    const made = table.indexes.find(({ name }) => name === definition.name)!;
    const suggestion: IndexSuggestion = {
      definition,
      sql,
      together: names.filter((name) => name !== definition.name),
      costBefore,
      costAfter,
      gains,
      estimatedBytes: measured.bytes,
      writeCost: indexWriteCost(copy, table, made),
    };
    return { proposed, suggestion };
  });
}

function gainOf({ item, plan }: Change): number {
  return item.runs * (item.plan.total - plan.total);
}

/** What was chosen early can be made needless by what was chosen later. */
function withoutSuperfluous(
  copy: SchemaCopy,
  items: readonly WorkloadItem[],
  chosen: readonly Chosen[],
): readonly IndexSuggestion[] {
  return chosen.flatMap(({ proposed, suggestion }) => {
    const { definition } = proposed;
    const after = copy.tryOut(() => {
      copy.dropIndex(definition);
      return items.map((item) => priceAgain(copy, item));
    });
    const cost = items.reduce((total, { runs }, at) => total + runs * after[at]!.total, 0);
    if (cost > costOf(items)) return [suggestion];
    copy.dropIndex(definition);
    for (const [at, item] of items.entries()) item.plan = after[at]!;
    return [];
  });
}
