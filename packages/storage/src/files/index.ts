// Opening, copying and replacing files.
export type {
  AtomicWriteOptions,
  BackupOptions,
  BackupProgress,
  BackupReport,
  DiskSpace,
  FileLock,
  FileManager,
  LockOptions,
  SnapshotOptions,
  SnapshotReport,
} from "../file-manager.ts";

// Backups that are listed, checked, restored, made again and again.
export type { BackupEntry } from "./backup-list.ts";
export type { BackupCompression, BackupManifest } from "./backup-manifest.ts";
export {
  createBackupSchedule,
  type BackupEvent,
  type BackupFiles,
  type BackupSchedule,
  type BackupScheduleOptions,
  type BackupScheduleStatus,
} from "./backup-schedule.ts";
export type { BackupRetention, PruneReport } from "./prune-backups.ts";
export type { RestoreOptions, RestoreReport } from "./restore.ts";
export type { Timers } from "./timers.ts";

// A store for oneself, what a check finds, and the disk.
export type { ExclusiveOptions, ExclusiveStore } from "./exclusive-store.ts";
export type { IntegrityFinding, IntegrityOptions, IntegrityReport } from "./integrity.ts";
export {
  watchDisk,
  watchDiskDefaults,
  type DiskStatus,
  type DiskWatch,
  type WatchDiskOptions,
} from "./watch-disk.ts";
