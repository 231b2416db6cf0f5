import { isDeepStrictEqual } from "node:util";
import type { Finding, Rule } from "../rule.ts";
import { standardConditions, standardManifest } from "../standard-manifest.ts";
import { entriesOf, type Manifest, type WorkspacePackage } from "../workspace.ts";

const everywhere = ["README.md", "package.json", "tsconfig.json", "vitest.config.ts"];
const published = [...everywhere, "tsconfig.build.json"];
const library = [...published, "docs/design.md", "src/index.ts"];

/** Fields that read the same in every published library, up to its name and place. */
const libraryFields = [
  "license",
  "repository",
  "files",
  "type",
  "sideEffects",
  "publishConfig",
  "engines",
];
const appFields = ["license", "repository", "files", "type", "publishConfig", "engines"];

/** Every package has the same files and the same fields, so that one knows all who knows one. */
export const standardFiles: Rule = {
  name: "standard-files",
  promise: "Every package has the standard files and the standard fields.",
  check: ({ packages }) =>
    packages.flatMap((owner) => [
      ...missingFiles(owner),
      ...(owner.manifest.private === true ? [] : manifestFindings(owner)),
    ]),
};

function missingFiles({ folder, kind, manifest, files }: WorkspacePackage): Finding[] {
  const required = manifest.private === true ? everywhere : kind === "app" ? published : library;
  const findings = required
    .filter((path) => !files.has(path))
    .map((path) => ({ at: `${folder}/${path}`, message: "This file is missing." }));
  if (![...files.keys()].some((path) => /^test\/.*\.test\.ts$/.test(path)))
    findings.push({ at: `${folder}/test`, message: "The package has no test." });
  return findings;
}

function manifestFindings({ folder, kind, manifest }: WorkspacePackage): Finding[] {
  const at = `${folder}/package.json`;
  const findings: Finding[] = [];
  const name = `@atlas/${folder.split("/").at(-1)}`;
  const { description } = manifest;
  const standard = standardManifest({ folder, name, description: String(description) });

  const fields = ["name", ...(kind === "app" ? appFields : libraryFields)];
  for (const field of fields)
    if (!isDeepStrictEqual(manifest[field], standard[field]))
      findings.push({ at, message: `"${field}" should be ${JSON.stringify(standard[field])}.` });
  for (const [script, command] of Object.entries(standard.scripts ?? {}))
    if (manifest.scripts?.[script] !== command)
      findings.push({ at, message: `The script "${script}" should be "${command}".` });
  if (typeof description !== "string" || !/^[A-Z].*\.$/.test(description))
    findings.push({ at, message: '"description" should be one sentence.' });
  return kind === "app" ? findings : [...findings, ...exportFindings(at, manifest)];
}

function exportFindings(at: string, manifest: Manifest): Finding[] {
  const findings = entriesOf(manifest)
    .filter(([subpath, conditions]) => {
      const standard = standardConditions(subpath);
      return JSON.stringify(conditions) !== JSON.stringify(standard);
    })
    .map(([subpath]) => ({
      at,
      message: `"exports" of "${subpath}" should be ${JSON.stringify(standardConditions(subpath))}.`,
    }));
  if (manifest.exports?.["."] === undefined || manifest.exports["./package.json"] === undefined)
    findings.push({ at, message: '"exports" should offer "." and "./package.json".' });
  return findings;
}
