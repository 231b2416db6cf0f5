import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ConfigInputs, loadConfig } from "../src/config/load-config.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

function load(directory: string, given: Partial<ConfigInputs> = {}): ReturnType<typeof loadConfig> {
  return loadConfig({
    dataDirectory: directory,
    workingDirectory: directory,
    flags: {},
    env: {},
    ...given,
  });
}

describe("the configuration", () => {
  test("takes flags before variables before the file before defaults, and says so", () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "config.json");
    writeFileSync(file, JSON.stringify({ port: 1, host: "::1", durability: "relaxed" }));

    const { config, origins } = load(directory.path, {
      flags: { port: "3" },
      env: { ATLAS_PORT: "2", ATLAS_HOST: "localhost", ATLAS_ACTOR: "", OTHER: "x" },
    });

    expect(config).toMatchObject({
      port: 3,
      host: "localhost",
      durability: "relaxed",
      actor: null,
      leaseMs: 900_000,
    });
    expect(origins).toMatchObject({
      port: { source: "flag", name: "--port" },
      host: { source: "environment", name: "ATLAS_HOST" },
      durability: { source: "file", name: file },
      leaseMs: { source: "default" },
    });
  });

  test("is frozen", () => {
    using directory = temporaryDirectory();

    expect(Object.isFrozen(load(directory.path).config)).toBe(true);
  });

  test("reads lists with commas between and another file when asked to", () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "other.json"), JSON.stringify({ port: 9 }));

    const { config, file } = load(directory.path, {
      flags: { config: "other.json", allowedHosts: "a.example, b.example," },
    });

    expect(config).toMatchObject({ port: 9, allowedHosts: ["a.example", "b.example"] });
    expect(file).toBe(join(directory.path, "other.json"));
  });

  test.each([
    [
      "a variable",
      { env: { ATLAS_PROT: "1" } },
      'no setting "ATLAS_PROT". Did you mean "ATLAS_PORT"?',
    ],
    ["a flag", { flags: { hst: "x" } }, 'no setting "hst". Did you mean "host"?'],
    ["nothing like it", { env: { ATLAS_ZZZZZZZZZZ: "1" } }, "There are ATLAS_LOG_LEVEL,"],
  ])("refuses an unknown setting: %s", (_name, given, message) => {
    using directory = temporaryDirectory();

    expect(() => load(directory.path, given)).toThrowError(
      expect.objectContaining({
        code: "configuration.unknown_setting",
        message: expect.stringContaining(message),
      }),
    );
  });

  test("refuses an unknown key in the file with the right name", () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "config.json"), JSON.stringify({ leasMs: 1 }));

    expect(() => load(directory.path)).toThrowError(
      expect.objectContaining({ message: expect.stringContaining('Did you mean "leaseMs"?') }),
    );
  });

  test.each([
    [{ flags: { port: "65536" } }, "--port"],
    [{ flags: { port: "http" } }, "--port"],
    [{ env: { ATLAS_DURABILITY: "none" } }, "ATLAS_DURABILITY"],
    [{ env: { ATLAS_STDIO_LEASE_MS: "2999" } }, "ATLAS_STDIO_LEASE_MS"],
    [{ flags: { logLevel: "loud" } }, "--log-level"],
  ])("refuses a value that cannot be used and names its source: %o", (given, name) => {
    using directory = temporaryDirectory();

    expect(() => load(directory.path, given)).toThrowError(
      expect.objectContaining({
        code: "configuration.invalid_setting",
        message: expect.stringContaining(name),
      }),
    );
  });

  test.each([
    ["no JSON", "{", "is not valid JSON"],
    ["no object", "[1]", "does not hold a JSON object"],
  ])("refuses a file with %s", (_name, text, message) => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "config.json"), text);

    expect(() => load(directory.path)).toThrowError(
      expect.objectContaining({
        code: "configuration.file_invalid",
        message: expect.stringContaining(message),
      }),
    );
  });

  test("refuses a named file that is not there", () => {
    using directory = temporaryDirectory();

    expect(() => load(directory.path, { env: { ATLAS_CONFIG: "missing.json" } })).toThrowError(
      expect.objectContaining({ code: "configuration.file_invalid" }),
    );
  });
});
