import { checkOptions } from "@atlas/errors";
import type { Connection } from "@atlas/storage";
import { changedFields, storableImage } from "./change-image.ts";
import type { ChangeContexts } from "./change-context.ts";
import type { Change, ChangeImage, ChangeLog, HistoryQuery, RecordedWrite } from "./change-log.ts";
import { type ChangeRow, insertChange, selectHistory, selectSince } from "./change-table.ts";
import { engineError } from "./errors.ts";
import { decodeCursor, encodeCursor, fingerprintOf } from "./query-cursor.ts";
import type { Page } from "./record-query.ts";

/** What a change log works with. */
export interface ChangeLogParts {
  readonly connection: Connection;
  readonly contexts: ChangeContexts;
  readonly clock: () => number;
}

const pageSize = { min: 1, max: 1_000 } as const;

/** Makes the change log of one engine. */
export function createChangeLog({ connection, contexts, clock }: ChangeLogParts): ChangeLog {
  return {
    async record(writes) {
      const context = contexts.current();
      if (context === undefined) throw transactionRequired();
      const { changeSet, reason } = context;
      const at = clock();
      const entries: Omit<ChangeRow, "sequence">[] = [];
      for (const write of writes) {
        const sides = sidesOf(write);
        if (sides === undefined) continue;
        entries.push({
          change_set: changeSet,
          collection: write.collection,
          key: write.key,
          ...sides,
          actor: write.actor ?? context.actor ?? null,
          reason: reason ?? null,
          at,
        });
      }
      if (entries.length > 0) await connection.runMany(insertChange, entries);
    },

    async forRecord(collection, key, query = {}) {
      checkOptions("forRecord", query, { limit: pageSize, cursor: "any" });
      return historyPage(connection, { collection, key, ...query });
    },

    async since(sequence, limit = 100) {
      checkOptions("since", { limit }, { limit: pageSize });
      return (await connection.all(selectSince, { sequence, limit })).map(changeOf);
    },
  };
}

async function historyPage(
  connection: Connection,
  query: HistoryQuery & { readonly collection: string; readonly key: string },
): Promise<Page<Change>> {
  const { collection, key, limit = 50, cursor } = query;
  const fingerprint = fingerprintOf(["history", collection, key]);
  const [before] = cursor === undefined ? [] : decodeCursor(cursor, fingerprint);
  const rows = await connection.all(selectHistory, {
    collection,
    key,
    sequence: typeof before === "number" ? before : Number.MAX_SAFE_INTEGER,
    // One more than asked for tells whether there is a next page.
    limit: limit + 1,
  });
  const items = rows.slice(0, limit).map(changeOf);
  const last = rows.length > limit ? items.at(-1) : undefined;
  if (last === undefined) return { items };
  return { items, nextCursor: encodeCursor(fingerprint, [last.sequence]) };
}

/** The sides that are kept of a write; undefined when it changed nothing. */
function sidesOf({
  before,
  after,
}: RecordedWrite): Pick<ChangeRow, "kind" | "before" | "after"> | undefined {
  if (before !== undefined && after !== undefined) {
    const changed = changedFields(before, after);
    if (changed.fields.length === 0) return undefined;
    return {
      kind: "updated",
      before: storableImage(changed.before),
      after: storableImage(changed.after),
    };
  }
  if (after !== undefined) return { kind: "created", before: null, after: storableImage(after) };
  if (before !== undefined) return { kind: "deleted", before: storableImage(before), after: null };
  return undefined;
}

function changeOf(row: ChangeRow): Change {
  return {
    sequence: row.sequence,
    changeSet: row.change_set,
    collection: row.collection,
    key: row.key,
    // Only the three kinds are ever written.
    kind: row.kind as Change["kind"],
    before: imageOrNothing(row.before),
    after: imageOrNothing(row.after),
    actor: row.actor ?? undefined,
    reason: row.reason ?? undefined,
    at: row.at,
  };
}

function imageOrNothing(image: ChangeImage | null): ChangeImage | undefined {
  return image ?? undefined;
}

function transactionRequired(): Error {
  return engineError(
    "operation.transaction_required",
    "A change was to be logged outside a transaction. Log it inside the one that made it, or " +
      "one of the two may be kept without the other.",
    { txState: "none" },
  );
}
