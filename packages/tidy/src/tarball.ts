import type { WorkspacePackage } from "./workspace.ts";

/** What `pnpm pack --json` says about a tarball. */
export interface Tarball {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** What is wrong with the files of a tarball: sentences, none when all is well. */
export function tarballFaults(owner: WorkspacePackage, tarball: Tarball): readonly string[] {
  const paths = tarball.files.map(({ path }) => path);
  const missing = ["LICENSE", "README.md", "package.json"].filter((path) => !paths.includes(path));
  const stale = paths.filter((path) => {
    const [, stem] = /^dist\/(.+?)(\.d)?\.[jt]s$/.exec(path) ?? [];
    return stem !== undefined && !owner.files.has(`src/${stem}.ts`);
  });
  return [
    ...missing.map((path) => `${path} is not packed.`),
    ...stale.map((path) => `${path} was built from a source that is gone: delete dist.`),
  ];
}
