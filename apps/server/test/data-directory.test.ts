import { describe, expect, test } from "vitest";
import { dataDirectoryOf, type Surroundings } from "../src/config/data-directory.ts";

const linux: Surroundings = {
  argv: ["task", "list"],
  env: {},
  platform: "linux",
  homeDirectory: "/home/ann",
  workingDirectory: "/home/ann",
};

describe("the data directory", () => {
  test.each([
    ["--data x", { argv: ["--data", "x", "status"] }, "/home/ann/x", "flag"],
    ["--data=x", { argv: ["status", "--data=/abs"] }, "/abs", "flag"],
    ["the last --data", { argv: ["--data", "a", "--data", "b"] }, "/home/ann/b", "flag"],
    ["nothing after --", { argv: ["task", "create", "--", "--data", "x"] }, undefined, "default"],
    ["ATLAS_DATA_DIR", { env: { ATLAS_DATA_DIR: "y" } }, "/home/ann/y", "environment"],
    [
      "the flag before the variable",
      { argv: ["--data", "x"], env: { ATLAS_DATA_DIR: "y" } },
      "/home/ann/x",
      "flag",
    ],
    ["an empty variable is none", { env: { ATLAS_DATA_DIR: "" } }, undefined, "default"],
  ] as const)("comes from %s", (...[, given, path, source]) => {
    const found = dataDirectoryOf({ ...linux, ...given });

    expect(found).toEqual({ path: path ?? "/home/ann/.local/share/atlas", source });
  });

  test.each([
    ["XDG", { env: { XDG_DATA_HOME: "/xdg" } }, "/xdg/atlas"],
    [
      "a relative XDG is ignored",
      { env: { XDG_DATA_HOME: "xdg" } },
      "/home/ann/.local/share/atlas",
    ],
    ["macOS", { platform: "darwin" as const }, "/home/ann/Library/Application Support/atlas"],
    [
      "Windows",
      { platform: "win32" as const, env: { LOCALAPPDATA: String.raw`C:\Users\ann\Local` } },
      String.raw`C:\Users\ann\Local\atlas`,
    ],
    [
      "Windows without LOCALAPPDATA",
      { platform: "win32" as const, homeDirectory: String.raw`C:\Users\ann` },
      String.raw`C:\Users\ann\AppData\Local\atlas`,
    ],
  ])("is where the platform keeps it: %s", (_name, given, path) => {
    expect(dataDirectoryOf({ ...linux, ...given })).toEqual({ path, source: "default" });
  });
});
