import { fencesOf, headingsOf, sectionOf } from "../markdown.ts";
import type { Finding, Rule } from "../rule.ts";
import type { WorkspacePackage } from "../workspace.ts";

const linesMax = 200;
const headings = [
  "Use it when",
  "Not when",
  "Install",
  "Usage",
  "Guarantees",
  "API",
  "Options",
  "Errors",
  "Implementing your own",
  "Links",
];

/** Every library's README answers the same questions in the same order. */
export const readme: Rule = {
  name: "readme",
  promise: "Every library's README has the same headings, a program to run, and 200 lines at most.",
  check: ({ packages }) =>
    packages
      .filter(({ kind, manifest }) => kind === "package" && manifest.private !== true)
      .flatMap(readmeFindings),
};

function readmeFindings(owner: WorkspacePackage): Finding[] {
  const at = `${owner.folder}/README.md`;
  const text = owner.files.get("README.md");
  if (text === undefined) return [];
  const findings: Finding[] = [];
  const expect = (kept: boolean, message: string): void => {
    if (!kept) findings.push({ at, message });
  };

  const lines = text.trimEnd().split("\n");
  expect(lines.length <= linesMax, `It has ${lines.length} lines; ${linesMax} are the limit.`);
  expect(
    lines[0] === `# ${owner.manifest.name}`,
    `It should begin with "# ${owner.manifest.name}".`,
  );
  expect(/^[A-Z].*\.$/s.test(introductionOf(text)), "One sentence should follow the title.");

  const hasRules = "./testing" in (owner.manifest.exports ?? {});
  const wanted = headings.filter((heading) => hasRules || heading !== "Implementing your own");
  const found = headingsOf(text);
  expect(
    found.join() === wanted.join(),
    `Its headings should be ${wanted.join(", ")}; they are ${found.join(", ")}.`,
  );
  expect(
    new RegExp(`^npm install .*${owner.manifest.name}\\b`, "m").test(sectionOf(text, "Install")),
    `Install should hold "npm install ${owner.manifest.name}" and what else the example needs.`,
  );
  expect(
    fencesOf(sectionOf(text, "Usage")).some(({ language }) => language === "ts"),
    "Usage should hold a ```ts program.",
  );
  return findings;
}

function introductionOf(text: string): string {
  return text.split("\n").slice(1).join("\n").trim().split(/\n\n/)[0] ?? "";
}
