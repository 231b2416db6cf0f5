// `npm start`, `npm test` and `npm run check` on a machine that has only Node 20 or newer with npm.
// It finds or fetches the toolchain, installs, builds, and hands over to the program it was asked
// for. Plain JavaScript without dependencies, because nothing is installed when it begins.
//
// What it says goes to standard error: standard output belongs to the program it starts.
import process from "node:process";
import { readCache, writeCache } from "./cache-file.js";
import { fingerprintOf } from "./fingerprint.js";
import { endAs, runProgram } from "./run-program.js";
import { say, SetupFailure } from "./setup-failure.js";
import { findToolchain, toolchainEnvironment } from "./toolchain.js";

const root = new URL("../../../", import.meta.url);

/** What can be asked for: the program, and whether its whole process group hears signals. */
const programs = {
  start: { file: "apps/server/dist/main.js", args: ["serve"], signalGroup: false },
  test: { file: "packages/tidy/src/commands/test.ts", args: [], signalGroup: true },
  check: { file: "packages/tidy/src/commands/check.ts", args: [], signalGroup: true },
};

/**
 * Installs and builds, unless that was done for exactly these sources.
 * @param {NodeJS.ProcessEnv} env
 */
async function prepare(env) {
  const wanted = fingerprintOf(root);
  /** @type {import("./fingerprint.js").Fingerprint | undefined} */
  const built = readCache(root, "build.json");
  if (built?.sources === wanted.sources && built.outputs === wanted.outputs) return;

  await step(["install", "--frozen-lockfile", "--config.confirm-modules-purge=false"], env);
  await step(["run", "build"], env);
  // The sources are those from before the build: what was edited meanwhile is built next time.
  writeCache(root, "build.json", { sources: wanted.sources, outputs: fingerprintOf(root).outputs });
}

/**
 * Runs one pnpm command, its output on standard error.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function step(args, env) {
  say(`pnpm ${args.join(" ")}`);
  const command = process.platform === "win32" ? "pnpm.cmd" : "pnpm";
  const end = await runProgram(command, args, { env, cwd: root, stdio: ["ignore", 2, 2] });
  if (end.code !== 0) throw new SetupFailure(`"pnpm ${args[0]}" failed; the lines above say why.`);
}

/** @param {string[]} argv */
async function main([name = "", ...args]) {
  const program = programs[/** @type {keyof typeof programs} */ (name)];
  if (program === undefined)
    throw new SetupFailure(`Say which program to run: ${Object.keys(programs).join(", ")}.`);

  const toolchain = findToolchain(root);
  const env = toolchainEnvironment(toolchain);
  await prepare(env);

  const lifeline = new URL("stop-with-parent.js", import.meta.url).href;
  const end = await runProgram(
    toolchain.node,
    ["--import", lifeline, program.file, ...program.args, ...args],
    { env, cwd: root, stdio: ["inherit", "inherit", "inherit", "ipc"], ...program },
  );
  endAs(end);
}

try {
  await main(process.argv.slice(2));
} catch (failure) {
  if (!(failure instanceof SetupFailure)) throw failure;
  say(failure.message);
  // Scripts read the last line of a test run, also of one that could not begin.
  if (process.argv[2] !== "start") process.stdout.write("0 passed, 1 failed\n");
  process.exitCode = 1;
}
