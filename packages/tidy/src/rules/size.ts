import type { Finding, Rule } from "../rule.ts";
import { parse } from "../source.ts";
import { sourcesOf } from "../workspace.ts";

const codeLinesMax = 300;
const roomyNames = ["utils", "util", "helpers", "helper", "common", "misc", "types", "interfaces"];

/** A source file is one concept: small, and named after it. */
export const size: Rule = {
  name: "size",
  promise: "A source file holds one named concept in at most 300 lines of code.",
  check: ({ packages }) =>
    packages.flatMap((owner) =>
      sourcesOf(owner).flatMap(([path, text]) => fileFindings(`${owner.folder}/${path}`, text)),
    ),
};

function fileFindings(at: string, text: string): Finding[] {
  const findings: Finding[] = [];
  const lines = codeLinesOf(at, text);
  if (lines > codeLinesMax)
    findings.push({ at, message: `It has ${lines} lines of code; ${codeLinesMax} are the limit.` });
  const words = at.replace(/\.ts$/, "").split("/");
  const roomy = words.slice(words.indexOf("src") + 1).find((word) => roomyNames.includes(word));
  if (roomy !== undefined)
    findings.push({ at, message: `"${roomy}" can hold anything: name it after its one concept.` });
  return findings;
}

/** Lines that hold more than blanks and comments. */
function codeLinesOf(path: string, text: string): number {
  const { comments } = parse(path, text);
  let code = text;
  for (const { start, end } of comments)
    code = code.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, " ") + code.slice(end);
  return code.split("\n").filter((line) => line.trim() !== "").length;
}
