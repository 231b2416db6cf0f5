import process from "node:process";

/** Why the toolchain, the installation or the build is not there: one sentence for a person. */
export class SetupFailure extends Error {
  /** @override */
  name = "SetupFailure";
}

/**
 * Tells the person at the terminal what happens; never on standard output.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`atlas: ${text}\n`);
}
