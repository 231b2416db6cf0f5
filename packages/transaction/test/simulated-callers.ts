import { createSyncPolicy, type SyncPolicy } from "../src/sync-policy.ts";

/** Times in milliseconds. */
export interface Setting {
  readonly syncMs: number;
  readonly memberMs: number;
  readonly commitMs: number;
  readonly callers: number;
  /** Whether the device works on several syncs at once or on one after the other. */
  readonly device: "at once" | "in turn";
  /** Counterpart for comparisons: a lane that has one sync in flight at a time. */
  readonly neverTwo?: boolean;
}

export interface Outcome {
  readonly perMs: number;
  /** Of all syncs, those that had another one beside them. */
  readonly overlapped: number;
}

/**
 * Callers who each wait for their transaction and begin the next, on a machine
 * whose times are exact: what the policy decides and nothing else.
 */
export function simulateCallers(setting: Setting, forMs: number): Outcome {
  const run = new Simulation(setting);
  while (run.now < forMs) run.step();
  return { perMs: run.done / run.now, overlapped: run.overlapped / run.syncs };
}

type SyncInFlight = ReturnType<SyncPolicy["syncBegins"]>;

class Simulation {
  readonly #setting: Setting;
  readonly #policy = createSyncPolicy(0);
  readonly #flights: { members: number; sync: SyncInFlight; endsAt: number }[] = [];
  #waiting: number;
  #pending = 0;
  #deviceFreeAt = 0;
  now = 0;
  done = 0;
  syncs = 0;
  overlapped = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#waiting = setting.callers;
  }

  /** Runs a group, or lets the time pass until the next sync ends. */
  step(): void {
    if (this.#waiting > 0 && this.#isReady()) this.#runGroup();
    else this.now = Math.max(this.now, this.#flights[0]?.endsAt ?? this.now);
    this.#noticeEnds();
  }

  #isReady(): boolean {
    const [oldest] = this.#flights;
    if (oldest === undefined || this.#hasRoom()) return true;
    const { callers } = this.#setting;
    return this.#policy.startsNow(this.#waiting, callers, this.now - oldest.sync.begunAt);
  }

  #runGroup(): void {
    const { callers, memberMs, commitMs } = this.#setting;
    const size = Math.min(this.#waiting, this.#policy.groupSize(callers));
    this.#waiting -= size;
    this.now += size * memberMs;
    this.#policy.recordGroup(size, size * memberMs);
    this.now += commitMs;
    this.#policy.recordCommit(commitMs);
    this.#pending += size;
    this.#launch();
  }

  #noticeEnds(): void {
    for (let [oldest] = this.#flights; (oldest?.endsAt ?? Infinity) <= this.now;) {
      this.#flights.shift();
      this.#policy.syncEnds(oldest!.sync, this.now);
      this.syncs += 1;
      if (oldest!.sync.overlapped) this.overlapped += 1;
      this.#waiting += oldest!.members;
      this.done += oldest!.members;
      this.#launch();
      [oldest] = this.#flights;
    }
  }

  #hasRoom(): boolean {
    const running = this.#flights.length;
    if (running === 0) return true;
    return running === 1 && this.#setting.neverTwo !== true && this.#policy.overlapPays();
  }

  #launch(): void {
    if (this.#pending === 0 || !this.#hasRoom()) return;
    const { device, syncMs } = this.#setting;
    const begins = device === "at once" ? this.now : Math.max(this.now, this.#deviceFreeAt);
    this.#deviceFreeAt = begins + syncMs;
    const sync = this.#policy.syncBegins(this.now);
    this.#flights.push({ members: this.#pending, sync, endsAt: this.#deviceFreeAt });
    this.#pending = 0;
  }
}
