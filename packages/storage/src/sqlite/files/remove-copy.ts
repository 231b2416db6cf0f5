import { rm } from "node:fs/promises";

/** What SQLite may leave beside a file it was stopped on. */
export const sideFiles: readonly string[] = ["-journal", "-wal", "-shm"];

/** Removes a copy that is not wanted, with everything beside it. */
export async function removeCopy(path: string): Promise<void> {
  for (const suffix of ["", ...sideFiles]) await rm(`${path}${suffix}`, { force: true });
}
