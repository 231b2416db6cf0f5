import type { AcquiredReader } from "../connection-pool.ts";
import type { Query, ValuesArgument } from "../query.ts";
import type { SessionScope } from "./session-scope.ts";

/** What the body of a read is given. */
export class ScopedReader implements AcquiredReader {
  readonly id: string;
  readonly #scope: SessionScope;
  readonly #release: () => void;

  constructor(id: string, scope: SessionScope, release: () => void) {
    this.id = id;
    this.#scope = scope;
    this.#release = release;
  }

  async get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row | undefined> {
    return this.#scope.session.first(query, values[0]);
  }

  async all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Row[]> {
    return this.#scope.session.list(query, values[0]);
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}
