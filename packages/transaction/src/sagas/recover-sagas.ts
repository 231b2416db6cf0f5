import type { Reader } from "@atlas/storage";
import type { SagaReport } from "./saga-report.ts";
import type { SagaRecovery } from "./saga-runner.ts";
import { findUnfinished } from "./saga-store.ts";

/** Sagas that are looked up at a time. */
const pageSize = 1_000;
/** Notes that a recovery keeps. */
const notesMax = 100;

/** What a recovery works with. @internal */
export interface SagaRecoveryParts {
  readonly reader: Reader;
  readonly concurrency: number;
  /** Fires when the runner closes: nothing more is taken up then. */
  readonly stop: AbortSignal;
  readonly isActive: (id: string) => boolean;
  readonly resume: (id: string) => Promise<SagaReport>;
}

/** Goes on with what is unfinished, several at a time, and counts how they end. @internal */
export async function recoverSagas(parts: SagaRecoveryParts): Promise<SagaRecovery> {
  const { reader, concurrency, isActive, stop } = parts;
  const tally: Tally = { rolledForward: 0, rolledBack: 0, resumed: 0, elsewhere: 0, notes: [] };
  let after = "";
  for (;;) {
    const page = await findUnfinished(reader, { after, limit: pageSize });
    const ids = page.filter((id) => !isActive(id)).values();
    const worker = async (): Promise<void> => {
      for (const id of ids) {
        if (stop.aborted) return;
        await resumeOne(id, parts, tally);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    if (page.length < pageSize || stop.aborted) break;
    after = page.at(-1) ?? after;
  }
  const { elsewhere, notes, ...counts } = tally;
  if (stop.aborted) notes.push("The runner was closed before every saga was looked at.");
  if (elsewhere > 0) notes.push(`${elsewhere} sagas are worked on by other processes.`);
  return { ...counts, notes };
}

interface Tally {
  rolledForward: number;
  rolledBack: number;
  resumed: number;
  elsewhere: number;
  readonly notes: string[];
}

async function resumeOne(id: string, { resume }: SagaRecoveryParts, tally: Tally): Promise<void> {
  try {
    const { status, name, step } = await resume(id);
    if (status === "running" || status === "compensating") {
      tally.elsewhere += 1;
      return;
    }
    tally.resumed += 1;
    if (status === "completed") tally.rolledForward += 1;
    else if (status === "compensated") tally.rolledBack += 1;
    else note(tally, `The saga ${id} (${name}) needs attention at the step ${step}.`);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message : "Something that is no error was thrown.";
    note(tally, `The saga ${id} was not resumed: ${reason}`);
  }
}

function note({ notes }: Tally, text: string): void {
  if (notes.length < notesMax) notes.push(text);
}
