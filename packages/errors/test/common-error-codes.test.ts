import { commonErrorCodes, errorCategories } from "@atlas/errors";
import { describe, expect, it } from "vitest";

describe("E1: the common codes", () => {
  it("are stable", () => {
    expect(Object.keys(commonErrorCodes)).toEqual([
      "configuration.unknown_option",
      "configuration.invalid_option",
      "validation.failed",
      "storage.busy",
      "storage.snapshot_stale",
      "storage.locked",
      "storage.disk_full",
      "storage.io_failed",
      "storage.out_of_memory",
      "storage.corrupt",
      "storage.not_a_database",
      "storage.constraint",
      "storage.readonly",
      "storage.cannot_open",
      "storage.permission_denied",
      "storage.file_not_found",
      "storage.file_exists",
      "storage.file_busy",
      "storage.invalid_path",
      "storage.too_many_files",
      "storage.statement_invalid",
      "storage.too_big",
      "storage.failed",
      "transaction.aborted",
      "index.corrupt",
      "operation.cancelled",
      "operation.timeout",
      "operation.defect",
      "operation.unknown",
    ]);
  });

  it.each(Object.entries(commonErrorCodes))("%s is fully classified", (code, classification) => {
    expect(errorCategories).toContain(code.split(".")[0]);
    expect(classification.hint).toMatch(/^[A-Z].*\.$/);
    expect("retryScope" in classification).toBe(classification.retryable);
  });
});
