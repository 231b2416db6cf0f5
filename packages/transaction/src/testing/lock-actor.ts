import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { LockManager, LockOwner } from "../locks/lock-manager.ts";

/** An owner whose body is driven from outside, one step after the other. @internal */
export interface Actor {
  readonly owner: LockOwner;
  end(): Promise<void>;
}

/** Begins an owner that ends when it is told to. @internal */
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

/** Begins so many owners. @internal */
export function actors(locks: LockManager, count: number): Promise<readonly Actor[]> {
  return Promise.all(Array.from({ length: count }, () => actor(locks)));
}

/** Long enough for a lock that is granted wrongly to be noticed, also over a network. */
const noticeMs = 20;

/** Fails when one of the waits is over. @internal */
export async function assertWaiting(...waits: readonly Promise<unknown>[]): Promise<void> {
  let over = 0;
  const count = (): void => void (over += 1);
  for (const wait of waits) wait.then(count, count);
  await sleep(noticeMs);
  assert.equal(over, 0, `${over} of ${waits.length} waits are over.`);
}
