// Values in memory that change with the database.
export { createMemoryMap } from "./create-memory-map.ts";
export { createMemoryValue, type MemoryValue } from "./create-memory-value.ts";
export { type MemoryMap, memoryMapDefaults, type MemoryMapOptions } from "./memory-map.ts";

// Files that change with the database.
export { createFileStore } from "./create-file-store.ts";
export type { FileConflict, FileConflictPage } from "./file-conflicts.ts";
export {
  type FileStep,
  type FileStore,
  fileStoreDefaults,
  type FileStoreEvent,
  type FileStoreOptions,
} from "./file-store.ts";
