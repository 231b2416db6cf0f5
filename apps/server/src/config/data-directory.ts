import { posix, win32 } from "node:path";

/** What decides where the data lies. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
}

/** The data directory and what named it. */
export interface DataDirectory {
  readonly path: string;
  readonly source: "flag" | "environment" | "default";
}

/**
 * Finds the data directory from `--data`, `ATLAS_DATA_DIR` or the place the
 * platform keeps the data of its users in; creates nothing.
 *
 * It looks at the raw arguments because the compile cache lies in there, and
 * that must be on before the code that parses arguments is loaded.
 */
export function dataDirectoryOf(surroundings: Surroundings): DataDirectory {
  const { argv, env, platform, homeDirectory, workingDirectory } = surroundings;
  const { resolve } = platform === "win32" ? win32 : posix;
  const flag = flagOf(argv, "--data");
  if (flag !== undefined) return { path: resolve(workingDirectory, flag), source: "flag" };
  const variable = env["ATLAS_DATA_DIR"];
  if (variable) return { path: resolve(workingDirectory, variable), source: "environment" };
  return { path: userDataDirectory({ env, platform, homeDirectory }), source: "default" };
}

function flagOf(argv: readonly string[], name: string): string | undefined {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  const at = flags.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = flags[at];
  if (word === undefined) return undefined;
  // An empty value is left to the parser of the command line, which refuses it.
  return (word === name ? flags[at + 1] : word.slice(name.length + 1)) || undefined;
}

function userDataDirectory({
  env,
  platform,
  homeDirectory,
}: Pick<Surroundings, "env" | "platform" | "homeDirectory">): string {
  switch (platform) {
    case "win32":
      return win32.join(
        env["LOCALAPPDATA"] || win32.join(homeDirectory, "AppData", "Local"),
        "atlas",
      );
    case "darwin":
      return posix.join(homeDirectory, "Library", "Application Support", "atlas");
    default: {
      // The XDG rules say that a relative value is to be ignored.
      const xdg = env["XDG_DATA_HOME"];
      const base = xdg?.startsWith("/") ? xdg : posix.join(homeDirectory, ".local", "share");
      return posix.join(base, "atlas");
    }
  }
}
