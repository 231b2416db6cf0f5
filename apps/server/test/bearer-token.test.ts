import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readOrCreateToken } from "../src/http/bearer-token.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

describe("the bearer token", () => {
  test("is made once, random, for its user only, and leaves no draft behind", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "token");

    const made = readOrCreateToken(path);
    const read = readOrCreateToken(path);
    const other = readOrCreateToken(join(directory.path, "other"));

    expect(made).toEqual({ token: expect.stringMatching(/^[\w-]{43}$/), exposed: false });
    expect(read).toEqual(made);
    expect(other.token).not.toBe(made.token);
    expect(readFileSync(path, "utf8")).toBe(`${made.token}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory.path).toSorted()).toEqual(["other", "token"]);
  });

  test("may be one of its user's own; that others can read it is noticed", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "token");
    writeFileSync(path, `  ${"a".repeat(32)}\n`);
    chmodSync(path, 0o644);

    expect(readOrCreateToken(path)).toEqual({ token: "a".repeat(32), exposed: true });
  });

  test.each(["", "short", "with spaces in it and long enough to be one"])(
    "is refused when it is not one: %j",
    (text) => {
      using directory = temporaryDirectory();
      const path = join(directory.path, "token");
      writeFileSync(path, text);

      expect(() => readOrCreateToken(path)).toThrowError(
        expect.objectContaining({ code: "configuration.token_invalid" }),
      );
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );

  test("a file that cannot be read is named", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "token");
    mkdirSync(path);

    expect(() => readOrCreateToken(path)).toThrowError(
      expect.objectContaining({ message: expect.stringContaining(path) }),
    );
  });
});
