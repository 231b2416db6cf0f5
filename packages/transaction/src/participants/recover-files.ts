import type { Dir } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { analyze } from "@atlas/errors";
import type { RecoveryFinding } from "../recovery/recoverable.ts";
import type { TransactionManager } from "../transaction.ts";
import { batchQueries, type JournalEntry, readEntries } from "./file-journal.ts";
import { isMissing } from "./file-path.ts";
import { type FilePlace, stagedBy } from "./file-place.ts";
import type { FileBatch, FileSettler } from "./file-settler.ts";
import { type Liveness, livenessOf } from "./process-mark.ts";
import { rollForward } from "./roll-forward.ts";
import { sideBySide } from "./side-by-side.ts";
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

/** A recovery with the processes that it has looked for: thousands of files may be of one. */
interface Search extends FileRecovery {
  readonly livenessOf: (owner: string) => Liveness;
}

interface Notes {
  readonly notes: string[];
  rolledForward: number;
  rolledBack: number;
}

/** Rolls forward what the journal lists and removes what it does not. @internal */
export async function recoverFiles(recovery: FileRecovery): Promise<RecoveryFinding> {
  const { settler } = recovery;
  const search: Search = { ...recovery, livenessOf: onceForEach(livenessOf) };
  const notes: Notes = { notes: [], rolledForward: 0, rolledBack: 0 };
  // The transaction comes first: one that waits for files while files wait for it would never end.
  const batches = await takeOver(search, notes);
  await settler.inTurn(async () => {
    await finishOwn(recovery, batches, notes);
    await attempt(notes, () => finishOthers(recovery, batches, notes));
  });
  await sweep(search, notes);
  await settler.idle();
  return { ...notes, resumed: 0 };
}

/** Makes what ended processes left this process's own and answers with everything to be applied. */
function takeOver(
  { place, settler, transactions, ...search }: Search,
  notes: Notes,
): Promise<Map<string, readonly JournalEntry[]>> {
  const { owner, options } = place;
  return transactions.runWithoutTransaction(() =>
    transactions.atomic(async (tx) => {
      const batches = new Map<string, JournalEntry[]>();
      for (const entry of await readEntries(tx, options.name)) {
        if (settler.isUnderWay(entry.batch)) continue;
        const age = options.clock() - entry.createdAt;
        if (entry.owner !== owner && mayLive(search.livenessOf(entry.owner), age, journalGraceMs)) {
          notes.notes.push(`${entry.path} is left to a process that seems to be alive.`);
          continue;
        }
        const entries = batches.get(entry.batch);
        if (entries === undefined) batches.set(entry.batch, [entry]);
        else entries.push(entry);
      }
      const ofOthers = [...batches].filter(([, [first]]) => first?.owner !== owner);
      await tx.runMany(
        batchQueries.take,
        ofOthers.map(([batch]) => ({ owner, batch })),
      );
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
  const found = [...batches].map(([batch, changes]): FileBatch => ({ batch, changes }));
  const { applied, errors, conflicts } = await rollForward(settler, found);
  noteConflicts(notes, conflicts);
  for (const error of errors) noteFailure(notes, error);
  if (applied.length === 0) return;
  await settler.sync(applied);
  settler.forget(applied.map(({ batch }) => batch));
  for (const { changes } of applied) notes.rolledForward += changes.length;
}

async function attempt(notes: Notes, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    noteFailure(notes, error);
  }
}

function noteFailure({ notes }: Notes, error: unknown): void {
  const { code, hint } = analyze(error);
  notes.push(`A committed change could not take effect yet (${code}). ${hint}`);
}

function noteConflicts({ notes }: Notes, paths: readonly string[]): void {
  for (const path of paths)
    notes.push(`${path} was changed by somebody else; their version stays, ours is beside it.`);
}

/** Removes staged files of transactions that never committed. */
async function sweep({ place, transactions, ...search }: Search, notes: Notes): Promise<void> {
  const { root, owner, options, inUse } = place;
  const found: string[] = [];
  for await (const { path, by } of stagedFiles(root)) {
    if (by === owner ? inUse.has(basename(path)) : await isNeeded(path, search.livenessOf(by)))
      continue;
    found.push(path);
  }
  if (found.length === 0) return;
  // Whoever has ended lists nothing any more, so what is listed is known after the search.
  const entries = await transactions.runWithoutTransaction(() =>
    transactions.read((reader) => readEntries(reader, options.name)),
  );
  // Names are unique, and somebody may have renamed the directory.
  const listed = new Set(entries.map(({ staged }) => basename(staged)));
  const unlisted = found.filter((path) => !listed.has(basename(path)));
  await sideBySide(unlisted, async (path) => {
    await removeFile(path);
    notes.rolledBack += 1;
  });

  async function isNeeded(path: string, liveness: Liveness): Promise<boolean> {
    // The age of a file is asked for only where it matters.
    const ageMs = liveness === "unknown" ? await ageOf(path, options.clock()) : 0;
    return mayLive(liveness, ageMs, stagedGraceMs);
  }
}

async function* stagedFiles(
  root: string,
): AsyncGenerator<{ readonly path: string; readonly by: string }> {
  const directories = [root];
  for (let at = directories.pop(); at !== undefined; at = directories.pop()) {
    const entries = await openIfThere(at);
    if (entries === undefined) continue;
    for await (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) directories.push(path);
      const by = stagedBy(entry.name);
      if (entry.isFile() && by !== undefined) yield { path, by };
    }
  }
}

/** A transaction that is undone removes the directories that it made. */
async function openIfThere(directory: string): Promise<Dir | undefined> {
  try {
    return await opendir(directory);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function ageOf(path: string, now: number): Promise<number> {
  return stat(path).then(
    ({ ctimeMs }) => now - ctimeMs,
    () => 0,
  );
}

function mayLive(liveness: Liveness, ageMs: number, graceMs: number): boolean {
  return liveness === "alive" || (liveness === "unknown" && ageMs < graceMs);
}

/** Who has ended stays so, and what just ended may be left to the next recovery. */
function onceForEach(look: (owner: string) => Liveness): (owner: string) => Liveness {
  const known = new Map<string, Liveness>();
  return (owner) => {
    const liveness = known.get(owner) ?? look(owner);
    known.set(owner, liveness);
    return liveness;
  };
}
