import { opendir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { analyze } from "@atlas/errors";
import type { RecoveryFinding } from "../recovery/recoverable.ts";
import type { TransactionManager } from "../transaction.ts";
import { conflictsOfListed, countConflicts, stagedConflicts } from "./file-conflicts.ts";
import { batchQueries, type JournalEntry, readEntries } from "./file-journal.ts";
import { isMissing } from "./file-path.ts";
import { type FilePlace, stagedBy } from "./file-place.ts";
import type { FileBatch, FileSettler } from "./file-settler.ts";
import type { FileTransaction } from "./file-transaction.ts";
import { type Liveness, livenessOf } from "./process-mark.ts";
import { type FailedBatch, rollForward } from "./roll-forward.ts";
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

/** Sentences that one recovery says at most; the counts are complete. */
const notesMax = 100;

interface Notes {
  readonly notes: string[];
  /** Sentences that were too many. */
  unsaid: number;
  rolledForward: number;
  rolledBack: number;
  waiting: number;
}

/** Rolls forward what the journal lists and removes what it does not. @internal */
export async function recoverFiles(recovery: FileRecovery): Promise<RecoveryFinding> {
  const { settler } = recovery;
  const search: Search = { ...recovery, livenessOf: onceForEach(livenessOf) };
  const notes: Notes = { notes: [], unsaid: 0, rolledForward: 0, rolledBack: 0, waiting: 0 };
  // The transaction comes first: one that waits for files while files wait for it would never end.
  const batches = await takeOver(search, notes);
  await settler.inTurn(async () => {
    await finishOwn(recovery, batches, notes);
    await finishOthers(recovery, batches, notes);
  });
  await sweep(search, notes);
  settler.forget([]);
  await settler.idle();
  return findingOf(notes, await conflictsLeft(recovery));
}

function conflictsLeft({ place, transactions }: FileRecovery): Promise<number> {
  return transactions.runWithoutTransaction(() =>
    transactions.read((reader) => countConflicts(reader, place.options.name)),
  );
}

function findingOf(
  { notes, unsaid, rolledForward, rolledBack, waiting }: Notes,
  conflicts: number,
): RecoveryFinding {
  const all = [...notes];
  if (unsaid > 0) all.push(`${unsaid} more sentences were left out.`);
  if (conflicts > 0)
    all.push(
      `${conflicts} committed changes met one of somebody else. Look at \`conflicts\` of the file ` +
        "store, put the files in order, and settle each.",
    );
  return { rolledForward, rolledBack, resumed: 0, waiting, conflicts, notes: all };
}

/** Makes what ended processes left this process's own and answers with everything to be applied. */
async function takeOver(
  { place, settler, transactions, ...search }: Search,
  notes: Notes,
): Promise<Map<string, readonly JournalEntry[]>> {
  const { owner, options } = place;
  const listed = await transactions.runWithoutTransaction(() =>
    transactions.atomic(async (tx) => {
      const batches = new Map<string, JournalEntry[]>();
      for (const entry of await readEntries(tx, options.name)) {
        if (settler.isUnderWay(entry.batch)) continue;
        const age = options.clock() - entry.createdAt;
        if (entry.owner !== owner && mayLive(search.livenessOf(entry.owner), age, journalGraceMs)) {
          say(notes, `${entry.path} is left to a process that seems to be alive.`);
          continue;
        }
        const entries = batches.get(entry.batch);
        if (entries === undefined) batches.set(entry.batch, [entry]);
        else entries.push(entry);
      }
      const ofOthers = [...batches].filter(([, [first]]) => first?.owner !== owner);
      const conflicts = await conflictsOfListed(tx, options.name);
      // From the commit on they are not listed as those of others, so it has to know them before.
      for (const [batch, changes] of ofOthers)
        settler.take({ batch, changes }, conflicts.get(batch));
      await tx.runMany(
        batchQueries.take,
        ofOthers.map(([batch]) => ({ owner, batch })),
      );
      return batches;
    }),
  );
  settler.keepTaken(listed);
  return listed;
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
      await rollBack(settler, transaction, notes);
      continue;
    }
    try {
      noteConflicts(notes, await settler.applyOwn(transaction));
      notes.rolledForward += transaction.changes.length;
    } catch (error) {
      const { path = "" } = transaction.changes[0] ?? {};
      noteFailure(notes, { path, error, count: transaction.changes.length });
    }
  }
}

async function rollBack(
  settler: FileSettler,
  transaction: FileTransaction,
  notes: Notes,
): Promise<void> {
  notes.rolledBack += transaction.changes.length;
  try {
    await settler.rolledBack(transaction);
  } catch (error) {
    const { code, hint } = analyze(error);
    say(notes, `What an undone transaction has staged could not be removed (${code}). ${hint}`);
  }
}

/** Transactions of processes that have ended. */
async function finishOthers(
  { settler }: FileRecovery,
  batches: ReadonlyMap<string, readonly JournalEntry[]>,
  notes: Notes,
): Promise<void> {
  const found = [...batches].map(([batch, changes]): FileBatch => ({ batch, changes }));
  const { applied, failures, conflicts } = await rollForward(settler, found);
  noteConflicts(notes, conflicts);
  for (const failure of failures) noteFailure(notes, failure);
  const count = applied.reduce((sum, { changes }) => sum + changes.length, 0);
  if (count === 0) return;
  try {
    await settler.sync(applied);
  } catch (error) {
    noteFailure(notes, { path: applied[0]?.changes[0]?.path ?? "", error, count });
    return;
  }
  settler.forget(applied.map(({ batch }) => batch));
  notes.rolledForward += count;
}

function noteFailure(notes: Notes, { path, error, count }: FailedBatch): void {
  const { code, hint } = analyze(error);
  const others = count > 1 ? ` and ${count - 1} others` : "";
  notes.waiting += count;
  say(notes, `${path}${others}: a committed change could not take effect yet (${code}). ${hint}`);
}

function noteConflicts(notes: Notes, paths: readonly string[]): void {
  for (const path of paths)
    say(notes, `${path} was changed by somebody else; their version stays, ours is kept.`);
}

function say(to: Notes, sentence: string): void {
  if (to.notes.length < notesMax) to.notes.push(sentence);
  else to.unsaid += 1;
}

/** Removes staged files of transactions that never committed. */
async function sweep({ place, transactions, ...search }: Search, notes: Notes): Promise<void> {
  const { root, owner, options, inUse } = place;
  const found: string[] = [];
  const unseen = (path: string, error: unknown): void =>
    say(notes, `${path} could not be searched (${analyze(error).code}). Allow it to be read.`);
  for await (const { path, by } of stagedFiles(root, unseen)) {
    if (by === owner ? inUse.has(basename(path)) : await isNeeded(path, search.livenessOf(by)))
      continue;
    found.push(path);
  }
  if (found.length === 0) return;
  // Whoever has ended lists nothing any more, so what is listed is known after the search.
  const needed = await transactions.runWithoutTransaction(() =>
    transactions.read(async (reader) => [
      ...(await readEntries(reader, options.name)).map(({ staged }) => staged),
      ...(await stagedConflicts(reader, options.name)),
    ]),
  );
  // Names are unique, and somebody may have renamed the directory.
  const listed = new Set(needed.map((staged) => basename(staged)));
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

/**
 * `unseen` is told of directories that cannot be read.
 *
 * @yields What is staged in all others.
 */
async function* stagedFiles(
  root: string,
  unseen: (path: string, error: unknown) => void,
): AsyncGenerator<{ readonly path: string; readonly by: string }> {
  const directories = [root];
  for (let at = directories.pop(); at !== undefined; at = directories.pop()) {
    const path = at;
    const entries = await opendir(path).catch((error: unknown) => {
      // A transaction that is undone removes the directories that it made.
      if (!isMissing(error)) unseen(path, error);
    });
    for await (const entry of entries ?? []) {
      const found = join(path, entry.name);
      if (entry.isDirectory()) directories.push(found);
      const by = stagedBy(entry.name);
      if (entry.isFile() && by !== undefined) yield { path: found, by };
    }
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
