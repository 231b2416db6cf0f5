import type { Driver, Handle } from "../driver.ts";

/**
 * A read-only handle for a thread of its own, where waiting for a lock stops
 * nobody else. The settings are those that matter for reading.
 */
export function openInThread(driver: Driver, path: string, busyTimeoutMs: number): Handle {
  const handle = new driver(path, { readonly: true, timeout: busyTimeoutMs });
  handle.pragma("trusted_schema = off");
  handle.pragma("cell_size_check = on");
  handle.pragma("query_only = on");
  return handle;
}
