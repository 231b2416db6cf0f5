import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that is removed with everything in it. */
export interface TemporaryDirectory extends Disposable {
  readonly path: string;
  /** The path of a file in it. */
  file(name: string): string;
}

/** Makes an empty directory; `using` removes it at the end of the block. */
export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), "atlas-storage-"));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () =>
      // Windows lets go of a closed file a moment later.
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  };
}
