// Runs a program as if it were this process: it hears once that it should stop, and this process
// ends the way it ended. Two things stand in the way.
//
// A terminal sends Ctrl-C to every process of its foreground group, and npm passes the same signal
// on once more. A server that stops at once on a second signal would never stop cleanly. So on
// POSIX the program leads a process group of its own, and signals that come within a moment are
// passed on as one.
//
// npm sends SIGTERM to the shell between it and this process; the shell dies and tells nobody. So
// the death of the parent counts as SIGTERM.
import { spawn } from "node:child_process";
import process from "node:process";

/** Signals that arrive closer together than this are one wish to stop. */
const sameWishMs = 250;
const parentCheckMs = 100;
/** Who started this process: known from the beginning, as it may be gone before a program runs. */
const parent = process.ppid;

/**
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null }} End
 * @typedef {{
 *   env: NodeJS.ProcessEnv,
 *   cwd: URL,
 *   stdio: import("node:child_process").StdioOptions,
 *   signalGroup?: boolean,
 * }} RunOptions
 */

/**
 * Runs a program to its end and passes SIGINT, SIGTERM and SIGHUP on to it (`signalGroup`: to the
 * processes it started as well).
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<End>}
 */
export function runProgram(command, args, { env, cwd, stdio, signalGroup = true }) {
  const ownGroup = process.platform !== "win32";
  const child = spawn(command, args, {
    env,
    cwd,
    stdio,
    detached: ownGroup,
    shell: !ownGroup && command.endsWith(".cmd"),
  });
  let lastMs = Number.NEGATIVE_INFINITY;
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    if (child.pid === undefined || performance.now() - lastMs < sameWishMs) return;
    lastMs = performance.now();
    process.kill(ownGroup && signalGroup ? -child.pid : child.pid, signal);
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, passOn);
  const parentWatch = watchParent(() => passOn("SIGTERM"));

  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    for (const signal of signals) process.off(signal, passOn);
    clearInterval(parentWatch);
  });
}

/**
 * Calls `orphaned` once the process that started this one is gone, when that was a script runner.
 * @param {() => void} orphaned
 */
function watchParent(orphaned) {
  if (process.env["npm_lifecycle_event"] === undefined) return undefined;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    orphaned();
  }, parentCheckMs);
  return watch.unref();
}

/**
 * Ends this process with the exit code or the signal a program ended with.
 * @param {End} end
 */
export function endAs({ code, signal }) {
  if (signal === null) process.exitCode = code ?? 1;
  else process.kill(process.pid, signal);
}
