/** One comparison of a bench: what was measured, on which sides, and their ratio in speed. */
export interface BenchLine {
  readonly bench: string;
  readonly case: string;
  readonly atlas: number;
  readonly peer: number;
  readonly peerName: string;
  readonly unit: string;
  /** Atlas over peer in speed: more is better. */
  readonly ratio: number;
}

/** Reads one line that a bench printed; nothing when it is not a result. */
export function parseBenchLine(line: string): BenchLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value = JSON.parse(line) as Partial<BenchLine>;
    const isResult = typeof value.bench === "string" && typeof value.case === "string";
    return isResult ? (value as BenchLine) : undefined;
  } catch {
    return undefined;
  }
}
