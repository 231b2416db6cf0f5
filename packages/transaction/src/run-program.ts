import type { RunResult, Writer } from "@atlas/storage";
import { transactionError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import type { Program, ProgramStatement } from "./transaction.ts";

/** Either shape of a program. @internal */
export type ProgramBody<T> = Program<T> | readonly ProgramStatement[];

/**
 * Runs a program on the writer: without a promise where the driver is
 * embedded.
 *
 * @internal
 */
export function runProgram<T>(writer: Writer, frame: Frame, body: ProgramBody<T>): unknown {
  frame.assertOpen();
  const { sync } = writer;
  if (sync === undefined) {
    if (typeof body === "function") throw programUnsupported();
    return runStatements(frame, body);
  }
  if (typeof body === "function") return body(sync);
  return body.map((step) => sync.run(step.query, ...valuesOf(step)));
}

async function runStatements(
  frame: Frame,
  statements: readonly ProgramStatement[],
): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (const step of statements) results.push(await frame.run(step.query, ...valuesOf(step)));
  return results;
}

/** `statement` has checked that the values belong to the query; only the compiler has forgotten. */
function valuesOf(step: ProgramStatement): [never] {
  return [step.values as never];
}

function programUnsupported(): Error {
  return transactionError(
    "transaction.program_unsupported",
    "This driver cannot run a function without promises. Pass the program as a list of " +
      "statements, or use `atomic`.",
    { txState: "active" },
  );
}
