import type { Comparison } from "./interleaved.ts";

/** What was compared. */
export interface Compared {
  readonly case: string;
  readonly peerName: string;
  readonly unit: string;
}

/** Prints one comparison as one line of JSON. */
export function printLine(compared: Compared, result: Comparison): void {
  const line = {
    bench: "storage",
    case: compared.case,
    atlas: Math.round(result.atlas),
    peer: Math.round(result.peer),
    peerName: compared.peerName,
    unit: compared.unit,
    ratio: Number(result.ratio.toFixed(3)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
