/**
 * One row by its primary key, out of 100,000, from a file: `await database.get`
 * against every peer. Prints one JSON line per case; `--case <name>` runs one.
 */
import { taskById } from "./support/queries.ts";
import { runReadCase } from "./support/read-case.ts";
import { keyOf } from "./support/sample.ts";

await runReadCase({
  name: "point-read",
  pace: { rounds: 60, roundMs: 40, loopLength: 200 },
  atlas: (database) => (round) => database.get(taskById, { id: keyOf(round) }),
  peer: ({ pointRead }) => pointRead,
});
