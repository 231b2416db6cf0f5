import type { Finding, Rule } from "../rule.ts";
import { lineOf, parse, type Source } from "../source.ts";
import { sourcesOf, type WorkspacePackage } from "../workspace.ts";

const entryLinesMax = 80;

/** What a package offers is written down name by name, in its entry files and nowhere else. */
export const entries: Rule = {
  name: "entries",
  promise: "Only entry files re-export, name by name; no default exports, no classes offered.",
  check: ({ packages }) =>
    packages.flatMap((owner) =>
      sourcesOf(owner).flatMap(([path, text]) => {
        const source = parse(`${owner.folder}/${path}`, text);
        const isEntry = path.endsWith("/index.ts");
        return [
          ...exportFindings(source, isEntry),
          ...(isEntry ? entryFindings(source, owner) : []),
        ];
      }),
    ),
};

function exportFindings(source: Source, isEntry: boolean): Finding[] {
  return source.module.staticExports.flatMap(({ start, entries: names }) => {
    const at = `${source.path}:${lineOf(source, start)}`;
    const findings: Finding[] = [];
    if (names.some(({ exportName }) => exportName.kind === "Default"))
      findings.push({ at, message: "There are no default exports: give the export a name." });
    if (names.some(({ importName }) => importName.kind.startsWith("All")))
      findings.push({ at, message: '"export *" hides what is offered: list the names.' });
    if (!isEntry && names.some(({ moduleRequest }) => moduleRequest !== null))
      findings.push({ at, message: "Only index.ts re-exports: import from where it is defined." });
    return findings;
  });
}

function entryFindings(source: Source, owner: WorkspacePackage): Finding[] {
  const findings: Finding[] = [];
  const lines = source.text.trimEnd().split("\n").length;
  if (lines > entryLinesMax)
    findings.push({
      at: source.path,
      message: `The entry has ${lines} lines; ${entryLinesMax} are the limit.`,
    });
  for (const statement of source.program.body)
    if (
      !statement.type.startsWith("Export") ||
      ("declaration" in statement && statement.declaration)
    )
      findings.push({
        at: `${source.path}:${lineOf(source, statement.start)}`,
        message: "An entry only re-exports: move this into a file of its own.",
      });
  return [...findings, ...classFindings(source, owner)];
}

/** Classes offered as values tie users to the implementation; errors are the exception. */
function classFindings(source: Source, owner: WorkspacePackage): Finding[] {
  const values = source.module.staticExports
    .flatMap((statement) => statement.entries)
    .filter(({ isType }) => !isType);
  const offered = new Set(values.map(({ importName }) => importName.name));
  return sourcesOf(owner).flatMap(([path, text]) => {
    const declaring = parse(`${owner.folder}/${path}`, text);
    return declaring.program.body.flatMap((statement) => {
      if (statement.type !== "ExportNamedDeclaration") return [];
      const { declaration } = statement;
      if (declaration?.type !== "ClassDeclaration") return [];
      const name = declaration.id?.name ?? "";
      if (!offered.has(name) || name.endsWith("Error")) return [];
      const message = `${name} is offered as a class: export an interface and a factory instead.`;
      return [{ at: `${declaring.path}:${lineOf(declaring, statement.start)}`, message }];
    });
  });
}
