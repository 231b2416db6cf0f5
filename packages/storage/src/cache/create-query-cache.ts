import { checkOptions } from "@atlas/errors";
import type { CommittedChange } from "../change-feed.ts";
import type { Database } from "../database.ts";
import { storageError } from "../errors.ts";
import type { QueryLog, QueryLogEntry } from "../query-log/query-log.ts";
import type { Query, ValuesArgument } from "../query.ts";
import { tokenizeSql } from "../sql-tokens.ts";
import { bindValues } from "../sqlite/bind-values.ts";
import type { CacheManager, CacheWarmReport } from "./cache-manager.ts";
import { keyLengthMax } from "./key-pattern.ts";
import type { QueryCache, WarmFromOptions } from "./query-cache.ts";
import { keyOfValues } from "./query-key.ts";
import { QueryTags } from "./query-tags.ts";
import { sealAnswer, type SealedAnswer } from "./seal-answer.ts";
import { warmWith } from "./warm-with.ts";

/** How {@link createQueryCache} makes a cache of answers. */
export interface QueryCacheOptions {
  readonly database: Pick<Database, "get" | "all" | "changes" | "location">;
  /** Keeps the answers; others may use it too. It needs no second level: answers stay here. */
  readonly cache: CacheManager;
  /** Milliseconds until an answer is forgotten, up to 31,536,000,000. Default: that of the cache. */
  readonly ttlMs?: number;
  /**
   * `checked`: each question asks the file whether another process has
   * committed, which costs half of a point read. `excluded`: you know that only
   * this process writes. Default: "checked".
   */
  readonly otherWriters?: "checked" | "excluded";
  /**
   * Columns of tables by which rows are looked up, such as `{ tasks: ["id",
   * "parent_id"] }`. An answer found by one value of such a column survives
   * commits that change other rows only. Whole numbers and text of STRICT tables
   * in SQLite; the driver sees by itself what a commit changes and what a query
   * reads. A write of one row takes about a fifth longer. Default: none, so
   * that a commit drops every answer from the tables it changed.
   */
  readonly followRows?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Makes a cache for the answers of one database.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createQueryCache(options: QueryCacheOptions): QueryCache {
  checkOptions<QueryCacheOptions>("createQueryCache", options, {
    database: "any",
    cache: "any",
    ttlMs: { min: 1, max: 31_536_000_000 },
    otherWriters: ["checked", "excluded"],
    followRows: "any",
  });
  return new CommitFollowingCache(options);
}

/** Queries without values of which the text alone says what they are. */
const textsMax = 1_000;

/** Makes keys and tags of several query caches over one cache manager different. */
let made = 0;

/** Which answer a key stands for. */
interface Question {
  readonly key: string;
  readonly tags: () => readonly string[];
  readonly read: () => Promise<unknown>;
}

class CommitFollowingCache implements QueryCache {
  readonly #options: QueryCacheOptions;
  readonly #prefix: string;
  readonly #tags: QueryTags;
  readonly #leave: (() => void)[];
  readonly #idsByQuery = new WeakMap<object, number>();
  readonly #idsByText = new Map<string, number>();
  readonly #given = new WeakSet<SealedAnswer>();
  #queries = 0;
  #version: number | undefined;
  #closed = false;

  constructor(options: QueryCacheOptions) {
    this.#options = { ...options };
    this.#prefix = `query-${(made += 1)}`;
    const { changes } = options.database;
    const followed = Object.entries(options.followRows ?? {});
    this.#tags = new QueryTags(this.#prefix, changes, new Map(followed));
    this.#leave = followed.map(([table, columns]) => changes.followRows(table, columns));
    this.#leave.push(changes.subscribe((change) => this.#committed(change)));
  }

  get<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<Readonly<Row> | undefined> {
    const read = (): Promise<Row | undefined> => this.#options.database.get(query, ...values);
    // What is kept under the key of a query is what that query has answered.
    return this.#answer("g", query, { values: values[0], read }) as Promise<Row | undefined>;
  }

  all<Row, Values extends object>(
    query: Query<Row, Values>,
    ...values: ValuesArgument<Values>
  ): Promise<readonly Readonly<Row>[]> {
    const read = (): Promise<Row[]> => this.#options.database.all(query, ...values);
    return this.#answer("a", query, { values: values[0], read }) as Promise<Row[]>;
  }

  async warmFrom(
    log: Pick<QueryLog, "entries">,
    options: WarmFromOptions = {},
  ): Promise<CacheWarmReport> {
    checkOptions<WarmFromOptions>("warmFrom", options, {
      queriesMax: { min: 1, max: 1_000 },
      concurrency: { min: 1, max: 100 },
      queries: "any",
    });
    const entries = log
      .entries()
      .filter(hasNoValues)
      .slice(0, options.queriesMax ?? 20);
    const known = new Map((options.queries ?? []).map((query) => [query.sql, query]));
    const works = entries.map(
      ({ sql }) =>
        () =>
          this.all(known.get(sql) ?? { sql, params: [] }),
    );
    return warmWith(works, options.concurrency ?? 2);
  }

  clear(): void {
    this.#drop([this.#tags.every]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const leave of this.#leave) leave();
    this.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #answer(
    kind: "g" | "a",
    query: Query<unknown, never>,
    how: { readonly values: object | undefined; readonly read: () => Promise<unknown> },
  ): Promise<unknown> {
    try {
      this.#refuseWhenClosed();
      // Before anything else: what another process has committed ends what is known.
      if (!this.#upToDate()) return how.read();
      const bound = bindValues(query, how.values);
      const key = `${this.#prefix}${kind}${this.#idOf(query)}:${keyOfValues(bound)}`;
      if (key.length > keyLengthMax) return how.read();
      const kept = this.#options.cache.peek<SealedAnswer>(key);
      if (kept !== undefined)
        return Promise.resolve(kept.kind === "frozen" ? kept.value : structuredClone(kept.value));
      const tags = (): readonly string[] => this.#tags.of(query, bound);
      return this.#load({ key, tags, read: how.read });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #load({ key, tags, read }: Question): Promise<unknown> {
    const { cache, ttlMs } = this.#options;
    const answer = await cache.load(key, async () => sealAnswer(await read()), {
      tags: tags(),
      firstLevelOnly: true,
      sizeOf: ({ kind, bytes }) => (kind === "single" ? undefined : bytes),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    });
    if (answer.kind === "frozen") return answer.value;
    if (answer.kind === "copied") return structuredClone(answer.value);
    // Whoever shared the load of what cannot be shared reads once more.
    if (this.#given.has(answer)) return read();
    this.#given.add(answer);
    return answer.value;
  }

  #idOf(query: Query<unknown, never>): number {
    const byText = query.decode === undefined;
    const known = byText ? this.#idsByText.get(query.sql) : this.#idsByQuery.get(query);
    if (known !== undefined) return known;
    // A number is never used twice, so forgetting texts only loses answers.
    const id = (this.#queries += 1);
    if (!byText) this.#idsByQuery.set(query, id);
    else if (this.#idsByText.size < textsMax) this.#idsByText.set(query.sql, id);
    else this.#idsByText.clear();
    return id;
  }

  /** False when it cannot be found out whether others have committed. */
  #upToDate(): boolean {
    if (this.#options.otherWriters === "excluded") return true;
    let version: number | undefined;
    try {
      version = this.#options.database.changes.foreignVersion();
    } catch {
      // The file is being reopened, or another process recovers it.
    }
    if (version === this.#version && version !== undefined) return true;
    this.#version = version;
    this.clear();
    return version !== undefined;
  }

  #committed(change: CommittedChange): void {
    this.#drop(this.#tags.changedBy(change));
  }

  #drop(tags: readonly string[]): void {
    void this.#options.cache.invalidateTags(tags, { firstLevelOnly: true });
  }

  #refuseWhenClosed(): void {
    if (!this.#closed) return;
    const { location } = this.#options.database;
    throw storageError(
      "storage.closed",
      `The query cache of ${location} is closed. Make another one, or ask the database.`,
      { txState: "none", details: { location } },
    );
  }
}

function hasNoValues({ sql }: QueryLogEntry): boolean {
  const tokens = [...tokenizeSql(sql)];
  if (tokens.some(({ kind }) => kind === "positional" || kind === "named")) return false;
  return /^\s*(select|with|values)\b/i.test(sql);
}
