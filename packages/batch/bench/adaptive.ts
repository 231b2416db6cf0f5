/**
 * The adaptive strategy against every fixed setting of a grid, on four machines
 * that are simulated in virtual time: items per virtual second, so the figures
 * are the same on every computer. Adaptive begins with its defaults and no
 * history, and what it tries on its way counts; fixed settings run from their
 * first batch as well as they can.
 *
 * Prints one JSON line per machine, with the worst of several seeds, and then a
 * line for the fixed setting that does best where it does worst.
 */
import { parseArgs } from "node:util";
import { grid, machines } from "./support/machines.ts";
import { type GridRate, simulateCoordinator, simulateGrid } from "./support/simulate.ts";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    items: { type: "string", default: "2000000" },
    seeds: { type: "string", default: "3" },
    ms: { type: "string" },
  },
});
const items = Number(flags.items);
/** Of a machine that does not change, every part of the job is like the others. */
const itemsOfFixed = 400_000;

const results: { readonly name: string; readonly best: GridRate; rates: readonly GridRate[] }[] =
  [];
for (const [name, model] of Object.entries(machines)) {
  if (flags.case !== undefined && flags.case !== name) continue;
  const { best, rates } = simulateGrid(
    model,
    model.neighbour === undefined ? Math.min(items, itemsOfFixed) : items,
  );
  results.push({ name, best, rates });
  const adaptive: number[] = [];
  for (let seed = 1; seed <= Number(flags.seeds); seed += 1) {
    adaptive.push((await simulateCoordinator(model, items, { seed })).rate);
  }
  const atlas = adaptive[0] ?? Number.NaN;
  const worst = rates.reduce((first, second) => (second.rate < first.rate ? second : first));
  print({
    bench: "batch",
    case: name,
    atlas: Math.round(atlas),
    peer: Math.round(best.rate),
    peerName: `the best fixed setting, ${describe(best)}`,
    unit: "items/s of virtual time",
    ratio: twoDigits(atlas / best.rate),
    ratioOfWorstSeed: twoDigits(Math.min(...adaptive) / best.rate),
    worstFixed: `${describe(worst)}: ${Math.round(worst.rate)}`,
    items,
  });
}

if (results.length > 1) {
  const shares = grid.map((setting, at) => {
    const each = results.map(({ name, best, rates }) => ({
      name,
      share: rates[at]!.rate / best.rate,
    }));
    const least = each.reduce((first, second) => (second.share < first.share ? second : first));
    return { setting, ...least };
  });
  const safest = shares.reduce((first, second) => (second.share > first.share ? second : first));
  print({
    note: "the fixed setting that loses least where it loses most",
    setting: describe(safest),
    share: twoDigits(safest.share),
    on: safest.name,
  });
}

function describe({ setting }: Pick<GridRate, "setting">): string {
  return `${setting.batchSize} × ${setting.concurrency}`;
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function twoDigits(value: number): number {
  return Number(value.toFixed(2));
}
