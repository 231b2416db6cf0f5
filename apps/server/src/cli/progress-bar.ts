/** Milliseconds between two drawings. */
const intervalMs = 100;
const width = 30;

/** Shows how far long work is, on one line that is wiped at the end. */
export interface ProgressBar extends Disposable {
  readonly update: (done: number, total: number) => void;
}

/** Where a bar is drawn: standard error, if that is a terminal. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A bar on a terminal; on anything else it draws nothing. */
export function createProgressBar(
  label: string,
  target: ProgressTarget,
  clock: () => number = () => performance.now(),
): ProgressBar {
  let drawnAt = -Infinity;
  return {
    update(done, total) {
      const now = clock();
      if (target.isTTY !== true || total === 0 || now - drawnAt < intervalMs) return;
      drawnAt = now;
      const filled = Math.min(width, Math.floor((done / total) * width));
      const bar = "█".repeat(filled).padEnd(width, "░");
      target.write(`\r\u001B[2K${label} ${bar} ${done}/${total}`);
    },
    [Symbol.dispose]() {
      if (drawnAt > -Infinity) target.write("\r\u001B[2K");
    },
  };
}
