import type { CommonErrorCode } from "./errors.ts";
import type { Finding } from "./finding.ts";
import { readString } from "./read-property.ts";

/** What each `errno` name of the file system means for the caller. */
const codes: Readonly<Record<string, CommonErrorCode>> = {
  EACCES: "storage.permission_denied",
  EBUSY: "storage.file_busy",
  EDQUOT: "storage.disk_full",
  EEXIST: "storage.file_exists",
  EFBIG: "storage.too_big",
  EINVAL: "storage.failed",
  EIO: "storage.io_failed",
  EISDIR: "storage.invalid_path",
  ELOOP: "storage.invalid_path",
  EMFILE: "storage.too_many_files",
  ENAMETOOLONG: "storage.invalid_path",
  ENFILE: "storage.too_many_files",
  ENODEV: "storage.io_failed",
  ENOENT: "storage.file_not_found",
  ENOMEM: "storage.out_of_memory",
  ENOSPC: "storage.disk_full",
  ENOTDIR: "storage.invalid_path",
  ENOTEMPTY: "storage.file_exists",
  ENXIO: "storage.io_failed",
  EPERM: "storage.permission_denied",
  EROFS: "storage.readonly",
  ESTALE: "storage.io_failed",
  ETXTBSY: "storage.file_busy",
  EXDEV: "storage.invalid_path",
};

/** Calls that share error names with the file system but concern the network or a process. */
const otherCalls: readonly string[] = [
  "accept",
  "bind",
  "connect",
  "getaddrinfo",
  "kill",
  "listen",
  "spawn",
];

/** Knows the system errors of `node:fs`. */
export function classifyFileSystem(value: unknown): Finding | undefined {
  const systemCode = readString(value, "code");
  if (systemCode === undefined || !Object.hasOwn(codes, systemCode)) return undefined;
  const code = codes[systemCode];
  const call = readString(value, "syscall");
  // `spawn` errors name the program too: "spawn git".
  if (code === undefined || (call !== undefined && otherCalls.includes(call.split(" ", 1)[0]!))) {
    return undefined;
  }
  const path = readString(value, "path");
  const target = readString(value, "dest");
  return {
    source: "fileSystem",
    code,
    context: {
      systemCode,
      ...(call === undefined ? {} : { call }),
      ...(path === undefined ? {} : { path }),
      ...(target === undefined ? {} : { target }),
    },
  };
}
