import type { Connection, ExecuteResult } from "../connection.ts";
import type { Query, RunResult, ValuesArgument } from "../query.ts";
import type { SqlValue } from "../sql-value.ts";
import type { SessionScope } from "./session-scope.ts";

/** What the body of a write is given. */
export class ScopedConnection implements Connection {
  readonly id: string;
  readonly #scope: SessionScope;

  constructor(id: string, scope: SessionScope) {
    this.id = id;
    this.#scope = scope;
  }

  async get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row | undefined> {
    return this.#scope.session.get(query, ...values);
  }

  async all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row[]> {
    return this.#scope.session.all(query, ...values);
  }

  async run<Values extends object>(
    query: Query<unknown, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<RunResult> {
    return this.#scope.session.run(query, ...values);
  }

  async runMany<Values extends object>(
    query: Query<unknown, Values>,
    rows: Iterable<Values>,
  ): Promise<RunResult> {
    return this.#scope.session.runMany(query, rows);
  }

  async execute(sql: string, params?: readonly SqlValue[]): Promise<ExecuteResult> {
    return this.#scope.session.execute(sql, params);
  }
}
