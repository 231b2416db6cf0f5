import type { Connection, SyncConnection } from "@atlas/storage";
import { transactionError } from "./errors.ts";
import { type Participant, participantsMax, type UndoneOutcome } from "./participant.ts";

interface Entry {
  readonly participant: Participant;
  /** Where its history began. */
  readonly start: number;
}

/** A point in the history of every participant; those that came later go back to their beginning. */
export type Marks = ReadonlyMap<object, number>;

/** What participants threw after the end, where nobody can refuse any more. */
type Failures = readonly unknown[];

const noFailures: Failures = [];

/** The participants of one outermost transaction. @internal */
export class Enlisted {
  readonly #entries = new Map<object, Entry>();
  readonly #neverWaits: boolean;
  #ended = false;

  /** `neverWaits`: the transaction is a program on an embedded driver. */
  constructor(neverWaits: boolean) {
    this.#neverWaits = neverWaits;
  }

  enlist(key: object, create: () => Participant): Participant {
    const known = this.#entries.get(key);
    if (known !== undefined) return known.participant;
    if (this.#entries.size >= participantsMax) throw tooMany();
    const participant = create();
    const { prepare, prepareSync } = participant;
    if (this.#neverWaits && prepare !== undefined && prepareSync === undefined) throw waits();
    this.#entries.set(key, { participant, start: participant.mark() });
    return participant;
  }

  marks(): Marks {
    return new Map([...this.#entries].map(([key, { participant }]) => [key, participant.mark()]));
  }

  /** Harmless after the end: a nested body may outlive a deadline of the outermost one. */
  undoTo(marks: Marks | undefined): void {
    if (this.#ended) return;
    for (const [key, { participant, start }] of [...this.#entries].toReversed())
      participant.undoTo(marks?.get(key) ?? start);
  }

  /** One after the other; whoever is enlisted by a preparing one is prepared as well. */
  async prepare(connection: Connection, sync: SyncConnection | undefined): Promise<void> {
    for (const { participant } of this.#entries.values())
      if (participant.prepare !== undefined) await participant.prepare(connection);
      else if (participant.prepareSync !== undefined) {
        if (sync === undefined) throw needsEmbedded();
        participant.prepareSync(sync);
      }
  }

  prepareSync(connection: SyncConnection): void {
    for (const { participant } of this.#entries.values()) participant.prepareSync?.(connection);
  }

  /** Answers at once when nobody waits and nobody failed. */
  committed(): undefined | Promise<Failures> {
    return this.#tell((participant) => participant.committed());
  }

  undone(outcome: UndoneOutcome): undefined | Promise<Failures> {
    return this.#tell((participant) =>
      outcome === "unknown" && participant.unknown !== undefined
        ? participant.unknown()
        : participant.rolledBack(),
    );
  }

  /** All of them begin in one synchronous step, so that no reader sees a part of them. */
  #tell(call: (participant: Participant) => Promise<void> | void): undefined | Promise<Failures> {
    this.#ended = true;
    const waiting: Promise<void>[] = [];
    for (const { participant } of this.#entries.values()) {
      try {
        const ended = call(participant);
        if (ended !== undefined) waiting.push(ended);
      } catch (error) {
        waiting.push(Promise.reject(error));
      }
    }
    return waiting.length === 0 ? undefined : failuresOf(waiting);
  }
}

async function failuresOf(waiting: readonly Promise<void>[]): Promise<Failures> {
  const failed = (await Promise.allSettled(waiting)).filter(({ status }) => status === "rejected");
  return failed.length === 0
    ? noFailures
    : failed.map((outcome) => (outcome as PromiseRejectedResult).reason as unknown);
}

function tooMany(): Error {
  return transactionError(
    "transaction.too_many_participants",
    `A transaction has at most ${participantsMax} participants, and one more was to be enlisted. ` +
      "Do the work in several transactions, or let one participant speak for many: enlist under a " +
      "key that they share.",
    { txState: "active", details: { participantsMax } },
  );
}

function needsEmbedded(): Error {
  return transactionError(
    "transaction.participant_waits",
    "This participant has only `prepareSync`, and the driver is not embedded. Give it `prepare`.",
    { txState: "active" },
  );
}

function waits(): Error {
  return transactionError(
    "transaction.participant_waits",
    "A program never waits, and this participant has to before the commit. Use `atomic`.",
    { txState: "active" },
  );
}
