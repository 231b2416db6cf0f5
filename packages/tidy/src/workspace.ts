/** Path from the repository root, with `/`, → text of every file the rules look at. */
export type Files = ReadonlyMap<string, string>;

/** The parts of a `package.json` the rules look at. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** One package of the workspace: where it lives, what it declares, what it holds. */
export interface WorkspacePackage {
  /** `packages/storage`, `apps/server`. */
  readonly folder: string;
  readonly kind: "package" | "app";
  readonly manifest: Manifest;
  /** Its files by their path inside the folder. */
  readonly files: Files;
}

/** A repository as the rules see it: nothing but names and texts. */
export interface Workspace {
  readonly files: Files;
  readonly packages: readonly WorkspacePackage[];
}

/** Finds the packages in a set of files. */
export function describeWorkspace(files: Files): Workspace {
  const packages = [...files.keys()]
    .filter((path) => /^(packages|apps)\/[^/]+\/package\.json$/.test(path))
    .toSorted()
    .map((path) => describePackage(files, path.slice(0, -"/package.json".length)));
  return { files, packages };
}

/** The files of a package under one of its folders, as [path inside the package, text]. */
export function filesUnder(owner: WorkspacePackage, prefix: string): readonly [string, string][] {
  return [...owner.files].filter(([path]) => path.startsWith(`${prefix}/`));
}

/** The TypeScript sources of a package. */
export function sourcesOf(owner: WorkspacePackage): readonly [string, string][] {
  return filesUnder(owner, "src").filter(([path]) => path.endsWith(".ts"));
}

/** Whether a command given these folder names (`storage`) means a package; none means all. */
export function isAsked({ folder }: WorkspacePackage, names: readonly string[]): boolean {
  return names.length === 0 || names.includes(folder.split("/").at(-1) ?? "");
}

/** The subpaths of a package that load code, `"."` first as declared, with their conditions. */
export function entriesOf(
  manifest: Manifest,
): readonly (readonly [subpath: string, conditions: Readonly<Record<string, string>>])[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) =>
    typeof target === "string" ? [] : [[subpath, target] as const],
  );
}

function describePackage(files: Files, folder: string): WorkspacePackage {
  const own = [...files].flatMap(([path, text]) =>
    path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), text] as const] : [],
  );
  return {
    folder,
    kind: folder.startsWith("apps/") ? "app" : "package",
    manifest: JSON.parse(files.get(`${folder}/package.json`) ?? "{}") as Manifest,
    files: new Map(own),
  };
}
