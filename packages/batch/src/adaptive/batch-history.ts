import type { BatchSetting } from "./adaptive-decision.ts";

/** What adaptive jobs have learned, by name. */
export interface BatchHistory {
  /** The setting with which the last job of the name was fastest. */
  recall(name: string): BatchSetting | undefined;
  remember(name: string, setting: BatchSetting): void;
}

/** Names that are remembered; the one used longest ago is forgotten first. */
const namesMax = 1_000;

/** Remembers in memory, as long as the process lives. */
export function createBatchHistory(): BatchHistory {
  const settings = new Map<string, BatchSetting>();
  return {
    recall: (name) => settings.get(name),
    remember(name, { batchSize, concurrency }) {
      settings.delete(name);
      settings.set(name, { batchSize, concurrency });
      if (settings.size > namesMax) settings.delete(settings.keys().next().value!);
    },
  };
}
