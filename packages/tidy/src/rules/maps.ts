import type { Finding, Rule } from "../rule.ts";
import type { Workspace } from "../workspace.ts";

/** The places that list every package do list every package. */
export const maps: Rule = {
  name: "maps",
  promise: "README.md, packages/README.md and turbo.json name every package.",
  check: (workspace) => {
    const { files, packages } = workspace;
    const published = packages.filter(({ manifest }) => manifest.private !== true);
    const libraries = published.filter(({ kind }) => kind === "package");
    return [
      ...published.flatMap(({ manifest, folder }) =>
        mentions(files, "README.md", { what: manifest.name, link: folder }),
      ),
      ...libraries.flatMap(({ manifest, folder }) =>
        mentions(files, "packages/README.md", {
          what: manifest.name,
          link: folder.replace("packages/", ""),
        }),
      ),
      ...turboFindings(workspace),
    ];
  },
};

function mentions(
  files: Workspace["files"],
  at: string,
  { what, link }: { readonly what: string; readonly link: string },
): Finding[] {
  const text = files.get(at) ?? "";
  return text.includes(`[${what}](${link})`) || text.includes(`[\`${what}\`](${link})`)
    ? []
    : [{ at, message: `It should list ${what} with a link to ${link}.` }];
}

/** The tidy tests read what other packages built, so turbo has to be told. */
function turboFindings({ files, packages }: Workspace): Finding[] {
  const at = "turbo.json";
  const { tasks } = JSON.parse(files.get(at) ?? "{}") as {
    readonly tasks?: Readonly<Record<string, { readonly dependsOn?: readonly string[] }>>;
  };
  const builds = tasks?.["@atlas/tidy#test"]?.dependsOn ?? [];
  return packages
    .filter(({ manifest }) => manifest.scripts?.["build"] !== undefined)
    .filter(({ manifest }) => !builds.includes(`${manifest.name}#build`))
    .map(({ manifest: { name } }) => ({
      at,
      message: `"@atlas/tidy#test" should depend on "${name}#build".`,
    }));
}
