// Finds Node 24 and pnpm 12, or fetches them from the npm registry into npm's own cache.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { readCache, writeCache } from "./cache-file.js";
import { say, SetupFailure } from "./setup-failure.js";

/** What is fetched; a change here makes every machine fetch again. */
const wanted = ["node@24", "pnpm@12"];
const versionsWanted = wanted.join(" ");
const cacheName = "toolchain.json";
const nodeMajorMin = 24;

/** npm's codes for "the registry cannot be reached". */
const offlineCodes =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

/** @typedef {{ node: string, bin: string[] }} Toolchain  The node to run, the folders for PATH. */

/**
 * The toolchain of this process if it runs under it, else the one fetched before, else a new one.
 * @param {URL} root
 * @returns {Toolchain}
 */
export function findToolchain(root) {
  const nodeMajor = Number.parseInt(process.versions.node, 10);
  if (nodeMajor < 20)
    throw new SetupFailure(
      `Atlas needs Node 20 or newer to begin with; this is ${process.version}.`,
    );
  if (nodeMajor >= nodeMajorMin && process.env["npm_config_user_agent"]?.startsWith("pnpm/12."))
    return {
      node: process.execPath,
      bin: [dirname(process.execPath), dirname(process.env["npm_execpath"] ?? "")],
    };

  return rememberedToolchain(root) ?? fetchToolchain(root);
}

/**
 * The environment in which programs of this toolchain find each other.
 * @param {Toolchain} toolchain
 * @returns {NodeJS.ProcessEnv}
 */
export function toolchainEnvironment({ bin }) {
  const pathKey = Object.keys(process.env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  return {
    ...process.env,
    [pathKey]: [...bin, process.env[pathKey]].join(delimiter),
    TURBO_TELEMETRY_DISABLED: "1",
  };
}

/**
 * @param {URL} root
 * @returns {Toolchain | undefined}
 */
function rememberedToolchain(root) {
  const { versions, node, bin = [] } = readCache(root, cacheName) ?? {};
  const isThere = versions === versionsWanted && [node, ...bin].every(existsSync);
  return isThere ? { node, bin } : undefined;
}

/**
 * @param {URL} root
 * @returns {Toolchain}
 */
function fetchToolchain(root) {
  say("fetching Node 24 and pnpm 12 from the npm registry (once, about 100 MB)");
  const packages = wanted.map((name) => `--package=${name}`);
  // The `node` package brings its binary by an install script, so scripts must be allowed here.
  const options = ["--yes", "--ignore-scripts=false", ...packages];
  const node =
    npm(["exec", ...options, "--", "node", "-p", "process.execPath"])
      .trim()
      .split("\n")
      .at(-1) ?? "";
  // …/node_modules/node/bin/node: npm links every command of the two packages in one folder.
  const bin = join(dirname(node), "..", "..", ".bin");
  const toolchain = { node, bin: [dirname(node), bin] };
  writeCache(root, cacheName, { versions: versionsWanted, ...toolchain });
  return toolchain;
}

/**
 * Runs npm and answers what it printed.
 * @param {string[]} args
 */
function npm(args) {
  const script = process.env["npm_execpath"];
  const [command, first, shell] = script?.endsWith("npm-cli.js")
    ? [process.execPath, [script], false]
    : ["npm", [], process.platform === "win32"];
  const result = spawnSync(command, [...first, ...args], { encoding: "utf8", shell });
  if (result.error !== undefined)
    throw new SetupFailure("Atlas needs npm, which comes with Node: install both from nodejs.org.");
  if (result.status === 0) return result.stdout;
  if (offlineCodes.test(result.stderr))
    throw new SetupFailure(
      "Atlas could not reach the npm registry to fetch Node 24 and pnpm 12: connect this machine to the network once and run the command again.",
    );
  throw new SetupFailure(`npm could not fetch Node 24 and pnpm 12: ${result.stderr.trim()}`);
}
