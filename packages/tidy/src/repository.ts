import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeWorkspace, type Workspace } from "./workspace.ts";

/** The root folder of this repository, without a slash at its end. */
export const repositoryRoot: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(
  /[/\\]$/,
  "",
);

/** What tools put beside the sources: none of it is the repository. */
const ignored = [".git", "node_modules", "coverage", ".turbo", ".cache"];
const withText = /\.(ts|json|md|ya?ml|txt)$/;

/** Reads the repository under `root` into the form the rules look at. */
export function readRepository(root: string = repositoryRoot): Workspace {
  const files = pathsUnder(root, "").map((path) => {
    const text = withText.test(path) ? readFileSync(join(root, path), "utf8") : "";
    return [path, text] as const;
  });
  return describeWorkspace(new Map(files));
}

/** Every file below a folder, but of built output only the declarations. */
function pathsUnder(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !ignored.includes(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return pathsUnder(root, path);
      return !path.includes("/dist/") || path.endsWith(".d.ts") ? [path] : [];
    });
}
