/**
 * Twenty-five tasks with their fifty notes, out of 100,000 and 200,000 rows, from
 * a file: `await database.all` against every peer. Prints one JSON line per case;
 * `--case <name>` runs one.
 */
import { taskNotes } from "./support/queries.ts";
import { runReadCase } from "./support/read-case.ts";
import { joinLength, keyOf } from "./support/sample.ts";

await runReadCase({
  name: "join",
  pace: { rounds: 60, roundMs: 40, loopLength: 50 },
  atlas: (database) => (round) => {
    const low = keyOf(round);
    return database.all(taskNotes, { low, high: low + joinLength });
  },
  peer: ({ join }) => join,
});
