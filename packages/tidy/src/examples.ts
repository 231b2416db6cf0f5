import { fencesOf } from "./markdown.ts";
import type { Workspace } from "./workspace.ts";

/** One program that a page shows. */
export interface Example {
  /** The page and the line the program begins at. */
  readonly name: string;
  /** The folder of the package whose page shows it. */
  readonly folder: string;
  readonly code: string;
}

/** Every `ts` fence of the READMEs and the `docs/` pages of the packages, in their order. */
export function examplesOf({ packages }: Workspace): readonly Example[] {
  return packages.flatMap(({ folder, files }) =>
    [...files]
      .filter(([path]) => path === "README.md" || /^docs\/[^/]+\.md$/.test(path))
      .flatMap(([path, text]) =>
        fencesOf(text)
          .filter(({ language }) => language === "ts" || language === "typescript")
          .map(({ code, line }) => ({ name: `${folder}/${path}:${line}`, folder, code })),
      ),
  );
}
