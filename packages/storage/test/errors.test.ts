import { commonErrorCodes } from "@atlas/errors";
import { storageErrorCodes } from "@atlas/storage";
import { expect, test } from "vitest";

test("E1: the codes of storage are the ones that programs rely on", () => {
  expect(Object.keys(storageErrorCodes)).toEqual([
    "storage.closed",
    "storage.handle_closed",
    "storage.acquire_timeout",
    "storage.snapshot_expired",
    "storage.query_timeout",
    "storage.scan_failed",
    "storage.queue_full",
    "storage.writer_taken",
    "storage.reentrant_write",
    "storage.no_transaction",
    "storage.transaction_open",
    "storage.step_not_restored",
    "storage.lease_released",
    "storage.sync_failed",
    "storage.reopen_required",
    "storage.foreign_file",
    "storage.network_file_system",
    "storage.driver_missing",
    "storage.runtime_too_old",
    "storage.engine_too_old",
    "storage.setting_refused",
    "storage.table_invalid",
    "storage.query_invalid",
    "storage.value_missing",
    "storage.value_invalid",
    "storage.integer_too_large",
    "storage.row_invalid",
    "storage.schema_newer",
    "storage.migration_changed",
    "storage.migration_invalid",
    "storage.migration_failed",
    "storage.backup_invalid",
    "storage.module_invalid",
    "storage.cache_key_invalid",
  ]);
});

test("E1: no code of storage means something else in the common table", () => {
  const shared = Object.keys(storageErrorCodes).filter((code) => code in commonErrorCodes);

  expect(shared).toEqual([]);
});
