import { setImmediate as turn } from "node:timers/promises";
import {
  createLockManager,
  type LockEvent,
  type LockManager,
  type LockManagerOptions,
  type LockOwner,
} from "@atlas/transaction/locks";

/** An owner whose body is driven by the test, one step after the other. */
export interface Actor {
  readonly owner: LockOwner;
  end(): Promise<void>;
}

/** Begins an owner that ends when the test says so. */
export async function actor(locks: LockManager): Promise<Actor> {
  const started = Promise.withResolvers<LockOwner>();
  const ended = Promise.withResolvers<void>();
  const running = locks.run((owner) => {
    started.resolve(owner);
    return ended.promise;
  });
  return {
    owner: await started.promise,
    end() {
      ended.resolve();
      return running;
    },
  };
}

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
