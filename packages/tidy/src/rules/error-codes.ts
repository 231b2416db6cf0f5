import { sectionOf } from "../markdown.ts";
import type { Finding, Rule } from "../rule.ts";
import { filesUnder, type WorkspacePackage } from "../workspace.ts";

/** Error codes are public: the README tells them, and a test pins them as literals. */
export const errorCodes: Rule = {
  name: "error-codes",
  promise: "Every error code of a library stands in its README and, as a literal, in a test.",
  check: ({ packages }) =>
    packages
      .filter(({ kind, manifest }) => kind === "package" && manifest.private !== true)
      .flatMap(codeFindings),
};

function codeFindings(owner: WorkspacePackage): Finding[] {
  const table = owner.files.get("src/errors.ts") ?? "";
  const told = sectionOf(owner.files.get("README.md") ?? "", "Errors");
  const tests = filesUnder(owner, "test").map(([, text]) => text);
  const at = `${owner.folder}/src/errors.ts`;
  const codes = codesOf(table);
  const untold = codes.filter((code) => !told.includes(`\`${code}\``));
  const unpinned = codes.filter(
    (code) => !tests.some((text) => new RegExp(`["'\`]${code}["'\`]`).test(text)),
  );
  return [
    ...(untold.length === 0
      ? []
      : [{ at, message: `Missing under "Errors" in the README: ${untold.join(", ")}.` }]),
    ...(unpinned.length === 0
      ? []
      : [{ at, message: `Pinned as a literal by no test: ${unpinned.join(", ")}.` }]),
  ];
}

function codesOf(table: string): readonly string[] {
  return [...table.matchAll(/^\s*"([a-z]+\.[a-z_]+)":/gm)].map(([, code = ""]) => code);
}
