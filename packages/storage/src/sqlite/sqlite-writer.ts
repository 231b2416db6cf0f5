import type { ExecuteResult, SyncConnection } from "../connection.ts";
import type { Query, RunResult, ValuesArgument } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { Writer } from "../writer.ts";
import { ScopedConnection } from "./scoped-connection.ts";
import type { SessionScope } from "./session-scope.ts";
import type { TransactionVerbs } from "./transaction-verbs.ts";
import type { WriterCore } from "./writer-core.ts";

/** The writer as its owner sees it, until the lease ends. */
export class SqliteWriter implements Writer {
  readonly id: string;
  readonly #core: WriterCore;
  readonly #scope: SessionScope;
  readonly #connection: ScopedConnection;

  constructor(id: string, core: WriterCore, scope: SessionScope) {
    this.id = id;
    this.#core = core;
    this.#scope = scope;
    this.#connection = new ScopedConnection(id, scope);
  }

  get sync(): SyncConnection {
    return this.#scope.session;
  }

  get inTransaction(): boolean {
    return this.#verbs.inTransaction;
  }

  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row | undefined> {
    return this.#connection.get(query, ...values);
  }

  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row[]> {
    return this.#connection.all(query, ...values);
  }

  run<Values extends object>(
    query: Query<unknown, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<RunResult> {
    return this.#connection.run(query, ...values);
  }

  runMany<Values extends object>(
    query: Query<unknown, Values>,
    rows: Iterable<Values>,
  ): Promise<RunResult> {
    return this.#connection.runMany(query, rows);
  }

  execute(sql: string, params?: readonly SqlValue[]): Promise<ExecuteResult> {
    return this.#connection.execute(sql, params);
  }

  tryBegin(): boolean {
    return this.#open.tryBegin();
  }

  commit(): void {
    this.#open.commit();
  }

  rollback(): void {
    this.#open.rollback();
  }

  savepoint(name: string): void {
    this.#scope.session.steps.disturb();
    this.#verbs.savepoint(name);
  }

  release(name: string): void {
    this.#verbs.release(name);
  }

  rollbackTo(name: string): void {
    this.#verbs.rollbackTo(name);
  }

  beginStep(): void {
    this.#scope.session.steps.begin();
  }

  keepStep(): void {
    this.#scope.session.steps.keep();
  }

  undoStep(): void {
    this.#scope.session.steps.undo();
  }

  get #open(): WriterCore {
    this.#scope.refuseAfterEnd();
    return this.#core;
  }

  get #verbs(): TransactionVerbs {
    return this.#scope.session.verbs;
  }
}
