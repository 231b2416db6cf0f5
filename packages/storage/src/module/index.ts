// A database with everything that looks after it.
export { openStorageModule } from "./open-storage-module.ts";
export type {
  CacheModule,
  ConnectionModule,
  ErrorModule,
  FilesModule,
  QueryModule,
  StorageFault,
  StorageModule,
  StorageModuleEvent,
  TransactionModule,
} from "./storage-module.ts";

// How it is put together.
export {
  storageParts,
  type CachePartOptions,
  type ConnectionPartOptions,
  type ErrorPartOptions,
  type FilesPartOptions,
  type MemoryPartOptions,
  type ModuleConfig,
  type PartPlan,
  type QueryPartOptions,
  type StorageModuleConfig,
  type StoragePart,
  type TransactionPartOptions,
  type WalPartOptions,
} from "./module-config.ts";
