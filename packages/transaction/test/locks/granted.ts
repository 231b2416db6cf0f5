import { setImmediate as turn } from "node:timers/promises";
import {
  createLockManager,
  type LockEvent,
  type LockManager,
  type LockManagerOptions,
} from "@atlas/transaction/locks";

/** A manager that keeps its events. */
export function managerOf(options: LockManagerOptions = {}): LockManager & { events: LockEvent[] } {
  const events: LockEvent[] = [];
  const locks = createLockManager({ onEvent: (event) => events.push(event), ...options });
  return Object.assign(locks, { events });
}

/** Resolves with what has been granted by now. */
export async function granted(...waits: Promise<unknown>[]): Promise<boolean[]> {
  const done = waits.map(() => false);
  waits.forEach((wait, at) => {
    wait.then(
      () => (done[at] = true),
      () => undefined,
    );
  });
  await turn();
  return done;
}
