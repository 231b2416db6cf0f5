import assert from "node:assert/strict";
import { type Participant, participantsMax } from "../participant.ts";
import { assertCode, createItems, insert, names, type TransactionRule } from "./rule.ts";

/** A participant that keeps a list and tells what it is told. */
interface Recorder extends Participant {
  readonly list: string[];
  readonly told: string[];
}

function recorder(extra: Partial<Participant> = {}): Recorder {
  const list: string[] = [];
  const told: string[] = [];
  return {
    list,
    told,
    mark: () => list.length,
    undoTo: (mark) => void (list.length = mark),
    committed: () => void told.push("committed"),
    rolledBack: () => void told.push("rolledBack"),
    ...extra,
  };
}

/** What takes part in a transaction beside the database. @internal */
export const participantRules: readonly TransactionRule[] = [
  {
    name: "a participant is made once for each outermost transaction and told once of its end",
    async check({ manager }) {
      const made: Recorder[] = [];
      const key = {};
      const join = (): void => {
        manager.current()?.enlist(key, () => {
          const participant = recorder();
          made.push(participant);
          return participant;
        });
      };

      await manager.atomic(async () => {
        join();
        await manager.atomic(join);
      });
      await assert.rejects(
        manager.atomic(() => {
          join();
          throw new Error("no");
        }),
      );

      assert.deepEqual(
        made.map(({ told }) => told),
        [["committed"], ["rolledBack"]],
      );
    },
  },
  {
    name: "savepoints and nested failures reach participants, also those that came later",
    async check(fixture) {
      const { manager } = fixture;
      await createItems(fixture);
      const [early, late] = [recorder(), recorder()];

      await manager.atomic(async (tx) => {
        tx.enlist(early, () => early);
        early.list.push("kept");
        await tx.createSavepoint("here");
        early.list.push("undone");
        tx.enlist(late, () => late);
        late.list.push("undone");
        await tx.rollbackTo("here");
        const failing = manager.atomic((nested) => {
          nested.enlist(early, () => early);
          early.list.push("undone");
          late.list.push("undone");
          throw new Error("no");
        });
        await assert.rejects(failing);
        await manager.atomic(() => void early.list.push("nested"));
      });

      assert.deepEqual(early.list, ["kept", "nested"]);
      assert.deepEqual(late.list, []);
    },
  },
  {
    name: "a participant that refuses undoes its own transaction and no neighbour",
    async check(fixture) {
      const { manager } = fixture;
      await createItems(fixture);
      const refusal = new Error("refused");
      const refusing = recorder({
        prepare: async (connection) => {
          await insert(connection, "journal of b");
          throw refusal;
        },
      });

      const [before, refused, after] = await Promise.allSettled([
        manager.atomic((tx) => insert(tx, "a")),
        manager.atomic(async (tx) => {
          tx.enlist(refusing, () => refusing);
          await insert(tx, "b");
        }),
        manager.atomic((tx) => insert(tx, "c")),
      ]);

      assert.equal(before.status, "fulfilled");
      assert.equal(after.status, "fulfilled");
      assert.equal((refused as PromiseRejectedResult).reason, refusal);
      assert.deepEqual(refusing.told, ["rolledBack"]);
      assert.deepEqual(await names(fixture), ["a", "c"]);
    },
  },
  {
    name: "what a participant writes while preparing is part of the commit",
    async check(fixture) {
      await createItems(fixture);
      const writing = recorder({ prepare: (connection) => insert(connection, "journal") });

      await fixture.manager.atomic((tx) => void tx.enlist(writing, () => writing));

      assert.deepEqual(await names(fixture), ["journal"]);
    },
  },
  {
    name: "the caller is told when participants are done; their failure undoes nothing",
    async check(fixture) {
      await createItems(fixture);
      let done = false;
      const slow = recorder({
        committed: async () => {
          await new Promise(setImmediate);
          done = true;
        },
      });
      const failing = recorder({ committed: () => Promise.reject(new Error("disk gone")) });

      await fixture.manager.atomic((tx) => void tx.enlist(slow, () => slow));
      assert.equal(done, true);
      const pending = fixture.manager.atomic(async (tx) => {
        tx.enlist(failing, () => failing);
        await insert(tx, "a");
      });

      await assertCode(pending, "transaction.apply_pending");
      assert.deepEqual(await names(fixture), ["a"]);
    },
  },
  {
    name: "a program takes participants that never wait and refuses the others",
    async check({ manager }) {
      const plain = recorder();
      const both = recorder({
        prepare: async () => undefined,
        prepareSync: () => void both.told.push("prepared"),
      });
      const waiting = recorder({ prepare: async () => undefined });
      const join = (participant: Recorder): void =>
        void manager.current()?.enlist(participant, () => participant);

      await manager.program(() => {
        join(plain);
        join(both);
      });
      const refused = manager.program(() => join(waiting));

      await assertCode(refused, "transaction.participant_waits");
      assert.deepEqual(plain.told, ["committed"]);
      assert.deepEqual(both.told, ["prepared", "committed"]);
      assert.deepEqual(waiting.told, []);
    },
  },
  {
    name: "a transaction has so many participants and no more, and goes on with those it has",
    async check({ manager }) {
      const participants = Array.from({ length: participantsMax + 1 }, () => recorder());

      await manager.atomic((tx) => {
        const join = (participant: Recorder): unknown => tx.enlist(participant, () => participant);
        for (const participant of participants.slice(1)) join(participant);
        assert.throws(
          () => join(participants[0]!),
          (error: { code?: unknown }) => error.code === "transaction.too_many_participants",
        );
        join(participants[1]!);
      });

      assert.deepEqual(participants[0]!.told, []);
      assert.ok(participants.slice(1).every(({ told }) => told.join() === "committed"));
    },
  },
  {
    name: "nobody joins a transaction that has ended, or beside a nested one",
    async check({ manager }) {
      const participant = recorder();

      const escaped = await manager.atomic(async (tx) => ({ tx }));
      await manager.atomic(async (tx) => {
        const nested = manager.atomic(() => new Promise(setImmediate));
        assert.throws(
          () => tx.enlist(participant, () => participant),
          (error: { code?: unknown }) => error.code === "transaction.child_unfinished",
        );
        await nested;
      });

      assert.throws(
        () => escaped.tx.enlist(participant, () => participant),
        (error: { code?: unknown }) => error.code === "transaction.closed",
      );
    },
  },
];
