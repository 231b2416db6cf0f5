// Runs in a thread or process of its own and imports nothing but the driver,
// which whoever started it has checked.
import Driver from "better-sqlite3";
import { chunksAhead, type ScanReply, type ScanRequest, type ScanSetup } from "./scan-protocol.ts";

/** The way to whoever started this. */
export interface ScanPort {
  readonly send: (reply: ScanReply) => void;
  readonly onRequest: (listener: (request: ScanRequest) => void) => void;
}

/** Answers one query after the other. */
export function serveScans(setup: ScanSetup, port: ScanPort): void {
  let handle: Driver.Database | undefined;
  let stopped = false;
  let credit = 0;
  let wake: (() => void) | undefined;

  const run = async ({ sql, params, chunkRows }: ScanRequest & { type: "run" }): Promise<void> => {
    stopped = false;
    credit = chunksAhead;
    try {
      handle ??= open(setup);
      const statement = handle.prepare(sql).raw(true).safeIntegers(true);
      const columns = statement.columns().map(({ name }) => name);
      let rows: unknown[][] = [];
      for (const row of statement.iterate(...params) as IterableIterator<unknown[]>) {
        rows.push(row.map(exactNumber));
        if (rows.length < chunkRows) continue;
        port.send({ type: "rows", columns, rows });
        rows = [];
        credit -= 1;
        // Leaving the loop ends the statement, and with it its snapshot.
        while (credit === 0 && !stopped) await new Promise<void>((resolve) => (wake = resolve));
        if (stopped) break;
      }
      if (rows.length > 0 && !stopped) port.send({ type: "rows", columns, rows });
      port.send({ type: "done" });
    } catch (error) {
      const { code, message } = error as { readonly code?: string; readonly message: string };
      port.send({ type: "failed", code, message });
    }
  };

  port.onRequest((request) => {
    if (request.type === "run") void run(request);
    else if (request.type === "more") credit += 1;
    else stopped = true;
    wake?.();
  });
}

/** As a number where that loses nothing; the other side refuses the rest by name. */
function exactNumber(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function open({ path, pragmas }: ScanSetup): Driver.Database {
  const handle = new Driver(path, { readonly: true, fileMustExist: true });
  for (const [name, value] of pragmas) handle.pragma(`${name} = ${value}`);
  return handle;
}
