import { createHash } from "node:crypto";
import type { Query, SqlValue } from "@atlas/storage";
import { taskError } from "./errors.ts";
import type { TaskOrder, TaskPage, TaskPageOptions } from "./task-query.ts";
import { treeKey, treeOrder } from "./task-path.ts";
import type { CheckedFilter } from "./task-schemas.ts";
import {
  decodeRow,
  requireRow,
  type SearchCondition as Condition,
  selectRows,
  type TaskStore,
} from "./task-store.ts";
import type { TaskRow } from "./task-tables.ts";
import { rankOf, viewTasks } from "./task-view.ts";
import type { Task, TaskStatus } from "./task.ts";

interface RowPage {
  readonly rows: readonly TaskRow[];
  readonly total: number;
  /** Whether more follow. */
  readonly more: boolean;
  /** Continues after one of `rows`. */
  readonly cursorAfter: (row: TaskRow) => string;
}

/** What a list is ordered by; the last term decides among equals. Each order has an index. */
interface Order {
  readonly terms: readonly string[];
  readonly direction: "ASC" | "DESC";
  /** The values of the terms. */
  readonly positionOf: (row: TaskRow) => readonly (string | number)[];
}

const orders: Readonly<Record<TaskOrder, Order>> = {
  path: { terms: [treeOrder], direction: "ASC", positionOf: (row) => [treeKey(row.path)] },
  priority: {
    terms: ["priority", "sequence"],
    direction: "ASC",
    positionOf: (row) => [row.priority, row.sequence],
  },
  updated: {
    terms: ["updated_at", "sequence"],
    direction: "DESC",
    positionOf: (row) => [row.updated_at, row.sequence],
  },
};

/** How a list is cut, with the defaults filled in. */
type PageCut = TaskPageOptions & Required<Pick<TaskPageOptions, "limit">>;

/**
 * One page of the tasks that match.
 *
 * @throws {AtlasError} task.cursor_invalid, task.not_found
 * @internal
 */
export async function listTasks(
  store: TaskStore,
  filter: CheckedFilter,
  page: PageCut,
): Promise<TaskPage> {
  const found = await listRows(store, filter, page);
  const tasks = fitting(await viewTasks(store, found.rows), page);
  const last = found.rows[tasks.length - 1];
  const more = found.more || tasks.length < found.rows.length;
  return {
    tasks,
    total: found.total,
    ...(more && last !== undefined ? { nextCursor: found.cursorAfter(last) } : {}),
  };
}

/** As many as the caller takes, and at least one: a page that is empty leads nowhere. */
function fitting(tasks: readonly Task[], { fits }: PageCut): readonly Task[] {
  const refused = fits === undefined ? -1 : tasks.findIndex((task, at) => !fits(task) && at > 0);
  return refused < 0 ? tasks : tasks.slice(0, refused);
}

/**
 * One page of the rows that match. Pages continue after the last row of the
 * page before (keyset paging), so that they cost the same however far down the
 * list, and rows that come or go meanwhile shift nothing.
 */
async function listRows(store: TaskStore, filter: CheckedFilter, page: PageCut): Promise<RowPage> {
  const order = page.order ?? "path";
  const conditions = await conditionsOf(store, filter);
  const where = join(conditions);
  const count: Query<{ total: number }> = {
    sql: `SELECT count(*) AS total FROM tasks ${where.sql}`,
    params: where.params,
  };
  const counted = await store.connection.get(count);
  const fingerprint = fingerprintOf(order, where);
  const after = page.cursor === undefined ? [] : [position(order, page.cursor, fingerprint)];
  const onPage = join([...conditions, ...after]);
  const { terms, direction } = orders[order];
  const by = terms.map((term) => `${term} ${direction}`).join(", ");
  const rows = await store.connection.all({
    sql: `${selectRows} ${onPage.sql} ORDER BY ${by} LIMIT ?`,
    params: [...onPage.params, page.limit + 1],
    decode: decodeRow,
  });
  return {
    rows: rows.slice(0, page.limit),
    total: counted?.total ?? 0,
    more: rows.length > page.limit,
    cursorAfter: (row) => cursorAfter(order, row, fingerprint),
  };
}

function cursorAfter(order: TaskOrder, row: TaskRow, fingerprint: string): string {
  const position = orders[order].positionOf(row);
  return Buffer.from(JSON.stringify([fingerprint, ...position])).toString("base64url");
}

async function conditionsOf(
  store: TaskStore,
  filter: CheckedFilter,
): Promise<readonly Condition[]> {
  const conditions: Condition[] = [];
  if (filter.status !== undefined) conditions.push(statusCondition(filter.status));
  if (filter.type !== undefined) conditions.push(oneOf("type", filter.type));
  if (filter.priority !== undefined)
    conditions.push(oneOf("priority", filter.priority.map(rankOf)));
  for (const tag of filter.tags ?? [])
    conditions.push({
      sql: "id IN (SELECT task FROM task_tags WHERE tag = ?)",
      params: [tag],
    });
  if (filter.assignee !== undefined)
    conditions.push({ sql: "assignee = ?", params: [filter.assignee] });
  if (filter.parent === null) conditions.push({ sql: "parent IS NULL", params: [] });
  else if (filter.parent !== undefined)
    conditions.push({
      sql: "parent = ?",
      params: [(await requireRow(store, filter.parent)).id],
    });
  if (filter.under !== undefined) {
    const key = treeKey((await requireRow(store, filter.under)).path);
    // "!" is the character after the blank.
    const range = [`${key} `, `${key}!`];
    conditions.push({ sql: `${treeOrder} >= ? AND ${treeOrder} < ?`, params: range });
  }
  if (filter.query !== undefined) conditions.push(store.search(filter.query));
  return conditions;
}

function statusCondition(statuses: readonly TaskStatus[]): Condition {
  const stored = statuses.filter((status) => status !== "pending" && status !== "blocked");
  const parts = stored.map(() => "status = ?");
  if (statuses.includes("pending")) parts.push("(status = 'pending' AND blockers = 0)");
  if (statuses.includes("blocked")) parts.push("(status = 'pending' AND blockers > 0)");
  return { sql: parts.length === 0 ? "0" : `(${parts.join(" OR ")})`, params: stored };
}

function oneOf(column: keyof TaskRow, values: readonly SqlValue[]): Condition {
  const places = values.map(() => "?").join(", ");
  return { sql: `${column} IN (${places})`, params: values };
}

function join(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: "", params: [] };
  return {
    sql: `WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}`,
    params: conditions.flatMap(({ params }) => params),
  };
}

/** Ties a cursor to filter and order, so that one of another list is noticed. */
function fingerprintOf(order: TaskOrder, where: Condition): string {
  const text = JSON.stringify([order, where.sql, where.params.map(String)]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 12);
}

/** The condition "comes after the row the cursor was made from". */
function position(order: TaskOrder, cursor: string, fingerprint: string): Condition {
  const { terms, direction } = orders[order];
  const [made, ...values] = parseCursor(cursor);
  if (made !== fingerprint || values.length !== terms.length) throw cursorInvalid();
  const sign = direction === "DESC" ? "<" : ">";
  const places = terms.map(() => "?").join(", ");
  return { sql: `(${terms.join(", ")}) ${sign} (${places})`, params: values };
}

function parseCursor(cursor: string): readonly (string | number)[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    const simple = (value: unknown): boolean => ["string", "number"].includes(typeof value);
    if (Array.isArray(parsed) && parsed.every(simple)) return parsed as (string | number)[];
  } catch {
    // What cannot be read is refused below, like everything else we did not make.
  }
  throw cursorInvalid();
}

function cursorInvalid(): Error {
  return taskError(
    "task.cursor_invalid",
    "The cursor does not belong to this list. Start again without a cursor, and keep filter and " +
      "order the same from page to page.",
  );
}
