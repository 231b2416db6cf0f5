/**
 * What the parts of a plan cost. The unit is one step of a scan to its next row.
 *
 * The factors were fitted to 17 statements over tables of 1,000, 30,000 and
 * 300,000 rows of about 100 bytes in the page cache, and rounded: they are to
 * put plans in the right order, not to predict times. See docs/optimizer.md.
 * Pages that have to come from a disk are not in them.
 */

/** Milliseconds that one unit takes: 0.05 to 0.08 µs were measured, more beyond the page cache. */
export const millisecondsPerUnit = 0.00007;

/** Starting a prepared statement and taking its answer. */
export const startCost = 50;

/** Handing one value of a row to the program. */
export const valueCost = 4;

/** Rows of a table function or a search index, which tell nothing beforehand. */
export const virtualRows = 25;

/** Values of `IN (SELECT …)`, and rows of a recursive query: what SQLite itself assumes. */
export const unknownListRows = 25;

/** Rows assumed for LIMIT with a placeholder, when no log tells how many there were. */
export const assumedLimit = 50;

/** Rows of a table that has no statistics and could not be looked at. */
export const unknownTableRows = 1_000;

/** count(*) of a whole table reads pages, not rows. */
export const countShare = 0.02;

/** Share of rows that a condition leaves, when no statistic says it. */
export const selectivity: Readonly<Record<"equal" | "range" | "other", number>> = {
  equal: 0.1,
  range: 0.25,
  other: 0.5,
};

/** Finding one entry in a tree of this many. */
export function seekCost(rows: number): number {
  return 2 + 0.4 * Math.log2(Math.max(2, rows));
}

/** Going from an entry of an index to its row: often near the one before it. */
export function lookUpCost(rows: number): number {
  return 1 + 0.2 * Math.log2(Math.max(2, rows));
}

/** Putting rows in order; with a limit most of them are seen and forgotten. */
export function sortCost(rows: number, limit: number = rows): number {
  const kept = Math.min(rows, limit);
  return 0.5 * (rows - kept) + 0.7 * kept * Math.log2(Math.max(2, kept) + 1);
}

/** Adding or removing one entry of an index, or one row of a table. */
export function entryCost(rows: number): number {
  return 8 + seekCost(rows);
}
