import { opendir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { analyze } from "@atlas/errors";
import type { RecoveryFinding } from "../recovery/recoverable.ts";
import type { TransactionManager } from "../transaction.ts";
import { batchQueries, type JournalEntry, readEntries } from "./file-journal.ts";
import { type FilePlace, stagedBy } from "./file-place.ts";
import type { FileBatch, FileSettler } from "./file-settler.ts";
import { livenessOf } from "./process-mark.ts";
import { removeFile } from "./stage-file.ts";

/**
 * Where it cannot be seen whether a process lives (another container), its
 * committed changes are taken over after this time: applying takes milliseconds.
 */
const journalGraceMs = 30_000;
/** The same of staged files that no journal lists: no transaction takes longer than 10 minutes. */
const stagedGraceMs = 15 * 60_000;

/** What recovery works with. @internal */
export interface FileRecovery {
  readonly place: FilePlace;
  readonly settler: FileSettler;
  readonly transactions: TransactionManager;
}

interface Notes {
  readonly notes: string[];
  rolledForward: number;
  rolledBack: number;
}

/** Rolls forward what the journal lists and removes what it does not. @internal */
export async function recoverFiles(recovery: FileRecovery): Promise<RecoveryFinding> {
  const { settler } = recovery;
  const notes: Notes = { notes: [], rolledForward: 0, rolledBack: 0 };
  // The transaction comes first: one that waits for files while files wait for it would never end.
  const batches = await takeOver(recovery, notes);
  await settler.inTurn(async () => {
    await finishOwn(recovery, batches, notes);
    await attempt(notes, () => finishOthers(recovery, batches, notes));
  });
  await sweep(recovery, notes);
  await settler.idle();
  return { ...notes, resumed: 0 };
}

/** Makes what ended processes left this process's own and answers with everything to be applied. */
function takeOver(
  { place, settler, transactions }: FileRecovery,
  notes: Notes,
): Promise<Map<string, readonly JournalEntry[]>> {
  const { owner, options } = place;
  return transactions.runWithoutTransaction(() =>
    transactions.atomic(async (tx) => {
      const batches = new Map<string, JournalEntry[]>();
      for (const entry of await readEntries(tx, options.name)) {
        if (settler.isUnderWay(entry.batch)) continue;
        const age = options.clock() - entry.createdAt;
        if (entry.owner !== owner && isAlive(entry.owner, age, journalGraceMs)) {
          notes.notes.push(`${entry.path} is left to a process that seems to be alive.`);
          continue;
        }
        const entries = batches.get(entry.batch);
        if (entries === undefined) batches.set(entry.batch, [entry]);
        else entries.push(entry);
      }
      for (const [batch, [first]] of batches)
        if (first?.owner !== owner) await tx.run(batchQueries.take, { owner, batch });
      return batches;
    }),
  );
}

/** Transactions of this process that could not be applied, or whose outcome was not known. */
async function finishOwn(
  { place, settler }: FileRecovery,
  batches: Map<string, readonly JournalEntry[]>,
  notes: Notes,
): Promise<void> {
  for (const transaction of settler.unfinished()) {
    const isCommitted = batches.delete(transaction.batch);
    if (!isCommitted && place.uncertain.has(transaction.layer)) {
      notes.rolledBack += transaction.changes.length;
      await settler.rolledBack(transaction);
      continue;
    }
    await attempt(notes, async () => {
      noteConflicts(notes, await settler.applyOwn(transaction));
      notes.rolledForward += transaction.changes.length;
    });
  }
}

/** Transactions of processes that have ended. */
async function finishOthers(
  { settler }: FileRecovery,
  batches: ReadonlyMap<string, readonly JournalEntry[]>,
  notes: Notes,
): Promise<void> {
  const applied: FileBatch[] = [];
  for (const [batch, changes] of batches)
    await attempt(notes, async () => {
      noteConflicts(notes, await settler.apply({ batch, changes }));
      applied.push({ batch, changes });
    });
  if (applied.length === 0) return;
  await settler.sync(applied);
  settler.forget(applied.map(({ batch }) => batch));
  for (const { changes } of applied) notes.rolledForward += changes.length;
}

async function attempt(notes: Notes, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, hint } = analyze(error);
    notes.notes.push(`A committed change could not take effect yet (${code}). ${hint}`);
  }
}

function noteConflicts({ notes }: Notes, paths: readonly string[]): void {
  for (const path of paths)
    notes.push(`${path} was changed by somebody else; their version stays, ours is beside it.`);
}

/** Removes staged files of transactions that never committed. */
async function sweep({ place, transactions }: FileRecovery, notes: Notes): Promise<void> {
  const { root, owner, options, inUse } = place;
  const found: string[] = [];
  for await (const { path, by } of stagedFiles(root)) {
    const isNeeded =
      by === owner
        ? inUse.has(basename(path))
        : isAlive(by, await ageOf(path, options.clock()), stagedGraceMs);
    if (!isNeeded) found.push(path);
  }
  if (found.length === 0) return;
  // Whoever has ended lists nothing any more, so what is listed is known after the search.
  const entries = await transactions.runWithoutTransaction(() =>
    transactions.read((reader) => readEntries(reader, options.name)),
  );
  // Names are unique, and somebody may have renamed the directory.
  const listed = new Set(entries.map(({ staged }) => basename(staged)));
  for (const path of found) {
    if (listed.has(basename(path))) continue;
    await removeFile(path);
    notes.rolledBack += 1;
  }
}

async function* stagedFiles(
  root: string,
): AsyncGenerator<{ readonly path: string; readonly by: string }> {
  const directories = [root];
  for (let at = directories.pop(); at !== undefined; at = directories.pop())
    for await (const entry of await opendir(at)) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) directories.push(path);
      const by = stagedBy(entry.name);
      if (entry.isFile() && by !== undefined) yield { path, by };
    }
}

async function ageOf(path: string, now: number): Promise<number> {
  return stat(path).then(
    ({ ctimeMs }) => now - ctimeMs,
    () => 0,
  );
}

function isAlive(owner: string, ageMs: number, graceMs: number): boolean {
  const liveness = livenessOf(owner);
  return liveness === "alive" || (liveness === "unknown" && ageMs < graceMs);
}
