import {
  type DeleteChildren,
  type SettableStatus,
  type Task,
  taskLimits,
  type TaskStatus,
} from "@atlas/tasks";

/** One task of the model. */
export interface ModelTask {
  readonly key: number;
  parent: number | null;
  group: boolean;
  status: SettableStatus;
  readonly dependencies: Set<number>;
  token: number;
  lease: { holder: string; expiresAt: number } | null;
}

/** Why the model refuses something: the code that has to come. */
class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = `task.${code}`;
  }
}

const finished = (status: SettableStatus): boolean =>
  status === "completed" || status === "cancelled";
const closed = (status: SettableStatus): boolean => finished(status) || status === "failed";

/**
 * What the task manager promises, in the simplest way to say it: everything
 * that it keeps in columns is worked out anew each time, from the whole store.
 */
export class TaskModel {
  now = 0;
  tasks: Map<number, ModelTask> = new Map();
  #next = 0;

  /** Runs `work`, or nothing of it. */
  attempt(work: () => void): string | undefined {
    const before = structuredClone([...this.tasks]);
    try {
      work();
      this.settle();
      return undefined;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.tasks = new Map(before);
      return error.code;
    }
  }

  add(task: Pick<ModelTask, "parent" | "group" | "status">): number {
    const key = this.#next;
    this.#next += 1;
    this.tasks.set(key, { key, ...task, dependencies: new Set(), token: 0, lease: null });
    return key;
  }

  get(key: number): ModelTask {
    return this.tasks.get(key)!;
  }

  children(key: number | null): readonly ModelTask[] {
    return [...this.tasks.values()].filter(({ parent }) => parent === key);
  }

  below(key: number): readonly ModelTask[] {
    return this.children(key).flatMap((child) => [child, ...this.below(child.key)]);
  }

  above(key: number): readonly ModelTask[] {
    const { parent } = this.get(key);
    return parent === null ? [] : [this.get(parent), ...this.above(parent)];
  }

  unfinishedDependencies(key: number): number {
    return [...this.get(key).dependencies].filter((each) => !finished(this.get(each).status))
      .length;
  }

  isBlocked(key: number): boolean {
    return [this.get(key), ...this.above(key)].some(
      (task) => this.unfinishedDependencies(task.key) > 0,
    );
  }

  hasUnfinishedChildren(key: number): boolean {
    return this.children(key).some(({ status }) => !finished(status));
  }

  isHeld({ lease }: ModelTask): boolean {
    return lease !== null && lease.expiresAt > this.now;
  }

  isReady(task: ModelTask): boolean {
    const free =
      task.status === "pending" ||
      (task.status === "in_progress" && task.lease !== null && !this.isHeld(task));
    return (
      free && !task.group && !this.isBlocked(task.key) && !this.hasUnfinishedChildren(task.key)
    );
  }

  /** Refuses when something cannot begin before it is done. */
  checkCycles(): void {
    const state = new Map<string, "open" | "done">();
    const visit = (moment: string): void => {
      if (state.get(moment) === "done") return;
      if (state.get(moment) === "open") throw new Refusal("cycle");
      state.set(moment, "open");
      const [kind, key] = moment.split(" ");
      const task = this.get(Number(key));
      const waits =
        kind === "done"
          ? [`gate ${key}`, ...this.children(task.key).map((child) => `done ${child.key}`)]
          : [
              ...(task.parent === null ? [] : [`gate ${task.parent}`]),
              ...[...task.dependencies].map((each) => `done ${each}`),
            ];
      for (const each of waits) visit(each);
      state.set(moment, "done");
    };
    for (const key of this.tasks.keys()) visit(`done ${key}`);
  }

  /** Refuses when a task above, not counting groups, is closed. */
  checkOpenAbove(key: number): void {
    const owner = this.above(key).find(({ group }) => !group);
    if (owner !== undefined && closed(owner.status)) throw new Refusal("parent_finished");
  }

  checkMayChange(task: ModelTask, actor: string): void {
    if (this.isHeld(task) && task.lease?.holder !== actor) throw new Refusal("leased");
  }

  setStatus(task: ModelTask, to: SettableStatus): void {
    const from = task.status;
    if (to === from) return;
    if (task.group) throw new Refusal("transition_refused");
    const allowed: Record<SettableStatus, readonly SettableStatus[]> = {
      pending: ["in_progress", "completed", "failed", "cancelled"],
      in_progress: ["pending", "completed", "failed", "cancelled"],
      completed: ["pending"],
      failed: ["pending", "cancelled"],
      cancelled: ["pending"],
    };
    if (!allowed[from].includes(to)) throw new Refusal("transition_refused");
    if (this.isBlocked(task.key) && (to === "in_progress" || to === "completed"))
      throw new Refusal("blocked");
    if (finished(to) && this.hasUnfinishedChildren(task.key))
      throw new Refusal("children_unfinished");
    if (to === "pending" && closed(from)) this.checkOpenAbove(task.key);
    task.status = to;
    if (to !== "in_progress") task.lease = null;
  }

  move(task: ModelTask, parent: number | null): void {
    if (parent === task.parent) return;
    if (parent === task.key || this.below(task.key).some(({ key }) => key === parent))
      throw new Refusal("cycle");
    task.parent = parent;
    if (!finished(task.status)) this.checkOpenAbove(task.key);
    this.checkDepth(task.key);
    this.checkCycles();
  }

  checkDepth(key: number): void {
    for (const { key: each } of [this.get(key), ...this.below(key)])
      if (this.above(each).length + 1 > taskLimits.depthMax) throw new Refusal("too_deep");
  }

  /** New tasks that were added, in their order. */
  checkNew(keys: readonly number[]): void {
    this.settle(new Set(keys));
    for (const key of keys) this.checkDepth(key);
    if (keys.some((key) => this.get(key).dependencies.has(key)))
      throw new Refusal("self_dependency");
    this.checkCycles();
    for (const key of keys) {
      const { group, status } = this.get(key);
      if (!finished(status)) this.checkOpenAbove(key);
      if (!group && !["pending", "cancelled"].includes(status) && this.isBlocked(key))
        throw new Refusal("blocked");
      if (finished(status) && this.hasUnfinishedChildren(key))
        throw new Refusal("children_unfinished");
    }
  }

  retype(task: ModelTask, group: boolean): void {
    if (task.group === group) return;
    task.group = group;
    if (group) {
      task.lease = null;
      task.status = this.#implied(task);
    } else if (task.status === "in_progress") task.status = "pending";
  }

  depend(task: ModelTask, on: number): void {
    if (task.key === on) throw new Refusal("self_dependency");
    task.dependencies.add(on);
    this.checkCycles();
  }

  remove(task: ModelTask, fate: DeleteChildren, actor: string): void {
    const children = this.children(task.key);
    if (children.length > 0 && fate === "block") throw new Refusal("has_children");
    if (fate === "orphan") for (const child of children) this.move(child, task.parent);
    const branch = [task, ...this.below(task.key)];
    for (const each of branch) this.checkMayChange(each, actor);
    for (const { key } of branch) {
      this.tasks.delete(key);
      for (const other of this.tasks.values()) other.dependencies.delete(key);
    }
  }

  claimNamed(task: ModelTask, holder: string, leaseMs: number): void {
    if (this.isHeld(task)) throw new Refusal("leased");
    if (task.group || closed(task.status) || this.hasUnfinishedChildren(task.key))
      throw new Refusal("not_claimable");
    if (this.isBlocked(task.key)) throw new Refusal("blocked");
    this.claim(task, holder, leaseMs);
  }

  release(task: ModelTask, token: number): void {
    if (!this.isHeld(task) || token !== task.token) throw new Refusal("lease_expired");
    task.status = "pending";
    task.lease = null;
  }

  returnExpired(): void {
    for (const task of this.tasks.values())
      if (task.lease !== null && !this.isHeld(task)) {
        task.lease = null;
        task.status = "pending";
      }
    this.settle();
  }

  claim(task: ModelTask, holder: string, leaseMs: number): void {
    task.status = "in_progress";
    task.token += 1;
    task.lease = { holder, expiresAt: this.now + leaseMs };
  }

  /** What readers see of a task. */
  shown(task: ModelTask): Pick<Task, "progress" | "unfinishedDependencies" | "children"> & {
    readonly status: TaskStatus;
    readonly lease: { readonly holder: string; readonly token: number } | null;
  } {
    const below = this.below(task.key);
    const done = below.filter(({ status }) => finished(status)).length;
    const own = finished(task.status) ? 100 : 0;
    return {
      status: task.status === "pending" && this.isBlocked(task.key) ? "blocked" : task.status,
      progress: below.length === 0 ? own : Math.floor((100 * done) / below.length),
      unfinishedDependencies: this.unfinishedDependencies(task.key),
      children: this.children(task.key).length,
      lease: this.isHeld(task) ? { holder: task.lease!.holder, token: task.token } : null,
    };
  }

  #implied(task: ModelTask): SettableStatus {
    const children = this.children(task.key);
    if (children.length === 0) return task.status === "completed" ? "completed" : "pending";
    if (children.every(({ status }) => finished(status))) return "completed";
    return children.some(({ status }) => status !== "pending") ? "in_progress" : "pending";
  }

  /** Groups follow what lies below them, from the leaves up. */
  settle(only: ReadonlySet<number> | null = null): void {
    const settle = (parent: number | null): void => {
      for (const task of this.children(parent)) {
        settle(task.key);
        if (task.group && (only === null || only.has(task.key))) task.status = this.#implied(task);
      }
    };
    settle(null);
  }
}
