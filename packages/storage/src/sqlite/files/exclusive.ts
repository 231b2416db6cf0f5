import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { checkOptions } from "@atlas/errors";
import { storageError } from "../../errors.ts";
import type { ExclusiveOptions, ExclusiveStore } from "../../files/exclusive-store.ts";
import { probeFile } from "../application-mark.ts";
import type { DataFile } from "../data-file.ts";
import { loadDriver } from "../driver.ts";
import { settingsOf, waitRange } from "../open-options.ts";
import { HeldStore } from "./held-store.ts";
import { holdTimeoutMs, refuseOwn, tryHold, whenAlone } from "./hold-file.ts";

/** What waiting needs from its surroundings. */
export interface HoldHost {
  readonly clock: () => number;
  readonly random: () => number;
}

/** Runs `work` while nobody else can open the database at `path`. */
export async function exclusive<T>(
  host: HoldHost,
  { path, options }: { readonly path: string; readonly options: ExclusiveOptions },
  work: (store: ExclusiveStore) => T | Promise<T>,
): Promise<T> {
  checkOptions<ExclusiveOptions>("exclusive", options, {
    timeoutMs: waitRange,
    applicationId: { min: 1, max: 0x7fff_ffff },
    signal: "any",
  });
  const { timeoutMs = holdTimeoutMs, applicationId, signal } = options;
  const file = await fileAt(path, { ...host, applicationId });
  const deadline = { at: host.clock() + timeoutMs, signal };
  refuseOwn(file);
  const handle = await whenAlone({ ...host, file }, deadline, async (attempt) => {
    await probeFile(file, deadline);
    return attempt(() => tryHold(file));
  });
  const store = new HeldStore(file, handle);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

async function fileAt(
  path: string,
  { clock, random, applicationId }: HoldHost & { readonly applicationId: number | undefined },
): Promise<DataFile> {
  const absolute = resolve(path);
  if (!existsSync(absolute)) {
    throw storageError(
      "storage.file_not_found",
      `There is no database at ${absolute}. Open it once to make it, or correct the path.`,
      { details: { path: absolute } },
    );
  }
  const driver = await loadDriver();
  const marked = applicationId === undefined ? {} : { applicationId };
  const settings = settingsOf({ clock, random, ...marked });
  return { driver, location: path, path: absolute, settings, emit: undefined };
}
