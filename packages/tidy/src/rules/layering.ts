import { posix } from "node:path";
import { layers as layerMap, outsideLayers } from "../layers.ts";
import type { Finding, Rule } from "../rule.ts";
import { lineOf, moduleRequestsOf, parse } from "../source.ts";
import type { Manifest, Workspace, WorkspacePackage } from "../workspace.ts";

type Layers = Readonly<Record<string, number>>;

/** Makes the rule for a map of layers; `layering` holds the real one. */
export function layeringRule(layers: Layers): Rule {
  return {
    name: "layering",
    promise: "A package uses strictly lower layers only, through their public entries.",
    check: (workspace) =>
      workspace.packages
        .filter(({ manifest }) => !outsideLayers.includes(manifest.name))
        .flatMap((owner) => [
          ...manifestFindings(owner, layers),
          ...importFindings(owner, workspace, layers),
        ]),
  };
}

/** A package uses strictly lower layers only, through their public entries. */
export const layering: Rule = layeringRule(layerMap);

function manifestFindings({ folder, manifest }: WorkspacePackage, layers: Layers): Finding[] {
  const at = `${folder}/package.json`;
  const own = layers[manifest.name];
  if (own === undefined)
    return [
      { at, message: `${manifest.name} has no layer: add it to packages/tidy/src/layers.ts.` },
    ];
  return innerDependencies(manifest)
    .filter((name) => (layers[name] ?? Number.POSITIVE_INFINITY) >= own)
    .map((name) => ({
      at,
      message: `${manifest.name} (layer ${own}) may not depend on ${name} (layer ${layers[name]}).`,
    }));
}

function importFindings(owner: WorkspacePackage, workspace: Workspace, layers: Layers): Finding[] {
  return [...owner.files]
    .filter(([path]) => path.endsWith(".ts") && !path.startsWith("dist/"))
    .flatMap(([path, text]) => {
      const source = parse(`${owner.folder}/${path}`, text);
      return moduleRequestsOf(source).flatMap(({ specifier, start }) => {
        const message = specifier.startsWith(".")
          ? relativeFault(path, specifier)
          : atlasFault({ owner, path, specifier }, workspace, layers);
        return message === undefined
          ? []
          : [{ at: `${source.path}:${lineOf(source, start)}`, message }];
      });
    });
}

function relativeFault(path: string, specifier: string): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  if (target.startsWith("../")) return `"${specifier}" leaves the package: import by package name.`;
  if (path.startsWith("src/") && !target.startsWith("src/") && target !== "package.json")
    return `"${specifier}" is not part of src, so it is not published.`;
  return undefined;
}

interface Import {
  readonly owner: WorkspacePackage;
  readonly path: string;
  readonly specifier: string;
}

function atlasFault(
  { owner, path, specifier }: Import,
  workspace: Workspace,
  layers: Layers,
): string | undefined {
  const [, name, rest] = /^(@atlas\/[^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const target = workspace.packages.find(({ manifest }) => manifest.name === name);
  if (target === undefined) return `"${specifier}" is no package of this workspace.`;
  if (!(`.${rest ?? ""}` in (target.manifest.exports ?? {})))
    return `"${specifier}" is not a public entry of ${name}.`;
  if (name === owner.manifest.name) return undefined;
  if ((layers[name] ?? Number.POSITIVE_INFINITY) >= (layers[owner.manifest.name] ?? -1))
    return `${owner.manifest.name} may not import ${name}: it is not in a lower layer.`;
  const { dependencies, peerDependencies, devDependencies } = owner.manifest;
  const published = path.startsWith("src/");
  const declared = { ...dependencies, ...peerDependencies, ...(published ? {} : devDependencies) };
  return name in declared ? undefined : `${name} is missing in the dependencies of the package.`;
}

function innerDependencies(manifest: Manifest): readonly string[] {
  const { dependencies, devDependencies, peerDependencies } = manifest;
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }).filter((name) =>
    name.startsWith("@atlas/"),
  );
}
