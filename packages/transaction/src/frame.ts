/**
 * A frame is one level of a running transaction: the outermost body, or a
 * nested one inside its savepoint.
 *
 * Invariants, because savepoints are a stack on one connection:
 * 1. Only the innermost open frame of a transaction talks to the database. A
 *    call on an outer frame waits until the inner one has ended, unless it is
 *    made from inside the inner one, where waiting would never end: there it
 *    belongs to the inner frame.
 * 2. Siblings take turns: the second savepoint is set after the first is gone.
 * 3. After the end of a frame nothing it handed out reaches the database.
 */
import type { Connection, ExecuteResult, Query, RunResult, SqlValue } from "@atlas/storage";
import type { ValuesArgument, Writer } from "@atlas/storage";
import type { AsyncLocalStorage } from "node:async_hooks";
import { AtlasError } from "@atlas/errors";
import { Enlisted } from "./enlisted.ts";
import { transactionError } from "./errors.ts";
import type { Participant, UndoneOutcome } from "./participant.ts";
import { createSavepointStack, type SavepointStack } from "./savepoint-stack.ts";
import type { IsolationLevel, Transaction } from "./transaction.ts";

/** What all frames of one outermost transaction share. @internal */
export interface FrameRoot {
  /** Counts the transactions of a manager. */
  readonly number: number;
  /** In milliseconds since the epoch. */
  readonly startedAt: number;
  /** Of a read-only transaction it is set when a reader is there. */
  connection: Connection;
  readonly isolation: IsolationLevel;
  /** Absent in a read-only transaction. */
  readonly writer: Writer | undefined;
  /** The frame in which code runs. */
  readonly frames: AsyncLocalStorage<Frame | undefined>;
  /** The body must not wait, and neither may its participants. */
  readonly neverWaits: boolean;
  /** Where it was started; its `stack` is text only when somebody asks for it. */
  readonly origin: { readonly stack?: string } | undefined;
  operations: number;
  /** Most transactions have no participants and pay nothing for them. */
  enlisted: Enlisted | undefined;
}

/** @internal */
export type RollbackHook = (outcome: UndoneOutcome) => void;

const noHooks: readonly (() => void)[] = [];

/** The name of a transaction in messages and events. @internal */
export function transactionId(root: FrameRoot): string {
  return `tx${root.number}`;
}

/** @internal */
export class Frame implements Transaction {
  readonly #root: FrameRoot;
  readonly parent: Frame | undefined;
  readonly depth: number;
  /** Why nothing is accepted any more: its end, or the error that ended it early. */
  #refusal: AtlasError | "ended" | undefined;
  #tail: Promise<void> | undefined;
  #child: Frame | undefined;
  #savepoints: SavepointStack | undefined;
  // Most transactions have no hooks, and an array each would be a noticeable part of their cost.
  #commitHooks: (() => void)[] | undefined;
  #rollbackHooks: RollbackHook[] | undefined;

  constructor(root: FrameRoot, parent?: Frame) {
    this.#root = root;
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  get id(): string {
    return transactionId(this.#root);
  }
  get readonly(): boolean {
    return this.#root.writer === undefined;
  }
  get startTime(): Date {
    return new Date(this.#root.startedAt);
  }
  get isolation(): IsolationLevel {
    return this.#root.isolation;
  }
  get operations(): number {
    return this.#root.operations;
  }
  /** Absent in a read-only transaction. */
  get writer(): Writer | undefined {
    return this.#root.writer;
  }
  get root(): FrameRoot {
    return this.#root;
  }
  get open(): boolean {
    return this.#refusal === undefined;
  }
  get hasUnfinishedChild(): boolean {
    return this.#tail !== undefined;
  }
  get commitHooks(): readonly (() => void)[] {
    return this.#commitHooks ?? noHooks;
  }

  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row | undefined> {
    return this.#perform(() => this.#root.connection.get(query, ...values));
  }

  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row[]> {
    return this.#perform(() => this.#root.connection.all(query, ...values));
  }

  run<Values extends object>(
    query: Query<unknown, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<RunResult> {
    return this.#perform(() => this.#root.connection.run(query, ...values));
  }

  runMany<Values extends object>(
    query: Query<unknown, Values>,
    rows: Iterable<Values>,
  ): Promise<RunResult> {
    return this.#perform(() => this.#root.connection.runMany(query, rows));
  }

  execute(sql: string, params?: readonly SqlValue[]): Promise<ExecuteResult> {
    return this.#perform(() => this.#root.connection.execute(sql, params));
  }

  createSavepoint(name: string): Promise<void> {
    return this.#perform(async () => {
      await this.#savepointStack().create(name);
    });
  }

  rollbackTo(name: string): Promise<void> {
    return this.#perform(async () => {
      await this.#savepointStack().rollbackTo(name);
    });
  }

  afterCommit(hook: () => void): void {
    this.assertOpen();
    (this.#commitHooks ??= []).push(hook);
  }

  afterRollback(hook: RollbackHook): void {
    this.assertOpen();
    (this.#rollbackHooks ??= []).push(hook);
  }

  enlist(key: object, create: () => Participant): Participant {
    const target = this.#target();
    target.assertOpen();
    if (target.#child !== undefined) throw busyWithChild(this.id);
    this.#root.enlisted ??= new Enlisted(this.#root.neverWaits);
    return this.#root.enlisted.enlist(key, create);
  }

  /** Runs `work` as a nested frame when all earlier siblings have ended. */
  nest<T>(work: (child: Frame) => Promise<T>): Promise<T> {
    const target = this.#target();
    if (target !== this) return target.nest(work);
    this.assertOpen();
    return this.#enqueue(async () => {
      this.assertOpen();
      const child = new Frame(this.#root, this);
      this.#child = child;
      try {
        return await work(child);
      } finally {
        this.#child = undefined;
      }
    });
  }

  /** Refuses everything from now on, here and in every frame inside. */
  close(error?: AtlasError): void {
    this.#child?.close(error);
    this.#refusal ??= error ?? "ended";
  }

  /** Hands the hooks of an inner frame that succeeded to the one around it. */
  adoptHooks(child: Frame): void {
    if (child.#commitHooks !== undefined) (this.#commitHooks ??= []).push(...child.#commitHooks);
    if (child.#rollbackHooks !== undefined)
      (this.#rollbackHooks ??= []).push(...child.#rollbackHooks);
  }

  takeRollbackHooks(): readonly RollbackHook[] {
    return this.#rollbackHooks?.splice(0) ?? noHooks;
  }

  assertOpen(): void {
    if (this.#refusal === undefined) return;
    // A fresh error per use: its stack shows who used the dead handle.
    if (this.#refusal === "ended") throw closedError(this.id);
    const { code, message } = this.#refusal;
    throw new AtlasError(code, message, { ...this.#refusal.toJSON(), cause: this.#refusal });
  }

  #perform<T>(operation: () => Promise<T>): Promise<T> {
    const target = this.#target();
    try {
      target.assertOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    this.#root.operations += 1;
    if (target.#tail === undefined) return operation();
    return target.#enqueue(() => {
      target.assertOpen();
      return operation();
    });
  }

  /** Where a call on this frame belongs: see invariant 1. */
  #target(): Frame {
    if (this.#child === undefined) return this;
    for (let frame = this.#root.frames.getStore(); frame !== undefined; frame = frame.parent)
      if (frame === this.#child) return frame.#target();
    return this;
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail === undefined ? work() : this.#tail.then(work);
    const settled: Promise<void> = result.then(ignore, ignore).then(() => {
      if (this.#tail === settled) this.#tail = undefined;
    });
    this.#tail = settled;
    return result;
  }

  #savepointStack(): SavepointStack {
    if (this.#root.writer === undefined) throw readonlyError();
    this.#savepoints ??= createSavepointStack(this.#root, this.#root.writer, this.depth);
    return this.#savepoints;
  }
}

/** @internal */
export function readonlyError(): AtlasError {
  return transactionError(
    "transaction.readonly",
    "A read-only transaction was asked to write. Begin the outermost transaction for writing.",
    { txState: "active" },
  );
}

function busyWithChild(id: string): AtlasError {
  return transactionError(
    "transaction.child_unfinished",
    `Transaction ${id} has a nested transaction that is still running. Await it, or make the ` +
      "call inside it.",
    { txState: "active" },
  );
}

function closedError(id: string): AtlasError {
  return transactionError(
    "transaction.closed",
    `Transaction ${id} has ended. Await everything its body starts, or begin a new one.`,
    { txState: "none" },
  );
}

function ignore(): void {
  // The caller of `nest` or of the operation has the result; the queue only waits for it.
}
