/** How one scan runs. */
export type ScanOptions<Values extends object> = ScanLimits &
  (keyof Values extends never ? { readonly values?: Values } : { readonly values: Values });

/** What bounds a scan. */
export interface ScanLimits {
  /** Rows that come at a time, 1 to 10,000; the event loop runs in between. Default: 500. */
  readonly chunkRows?: number;
  /** Stops the query, also in the middle of a step that returns nothing. */
  readonly signal?: AbortSignal;
  /**
   * Longest time from the start to the last row in milliseconds, up to
   * 3,600,000; takes effect while the query runs. Default: none.
   */
  readonly timeoutMs?: number;
  /** Longest wait for a free lane in milliseconds. Default: the pool's `acquireTimeoutMs`. */
  readonly acquireTimeoutMs?: number;
}
