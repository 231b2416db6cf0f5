/**
 * One hundred neighbouring rows out of 100,000, from a file: `await database.all`
 * against every peer. Prints one JSON line per case; `--case <name>` runs one.
 */
import { taskRange } from "./support/queries.ts";
import { runReadCase } from "./support/read-case.ts";
import { keyOf, rangeLength } from "./support/sample.ts";

await runReadCase({
  name: "range-100",
  pace: { rounds: 60, roundMs: 40, loopLength: 50 },
  atlas: (database) => (round) => {
    const low = keyOf(round);
    return database.all(taskRange, { low, high: low + rangeLength });
  },
  peer: ({ range }) => range,
});
