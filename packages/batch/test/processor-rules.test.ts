import {
  createIndexBatchProcessor,
  createMemoryBatchProcessor,
  createStorageBatchProcessor,
  createTransactionalBatchProcessor,
  type BatchJudgement,
  type BatchProcessor,
  type SavepointPolicy,
} from "@atlas/batch";
import { processorRules, type ProcessorHarness } from "@atlas/batch/testing";
import { sqlQuery } from "@atlas/storage";
import type { Transaction } from "@atlas/transaction";
import { createValidationCoordinator } from "@atlas/validation";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openStore, type Store } from "./fixtures/open-store.ts";

const texts = createValidationCoordinator(z.string().min(1));

function validate(items: readonly string[]): Promise<BatchJudgement<string>> {
  return texts.validateMany(items);
}

function openMemory(): Promise<ProcessorHarness<undefined>> {
  const stored: string[] = [];
  return Promise.resolve({
    processor: createMemoryBatchProcessor({ validate }),
    store: (text: string) => {
      stored.push(text);
    },
    stored: () => Promise.resolve(stored),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function openTransactional(
  savepoints: SavepointPolicy,
): Promise<ProcessorHarness<Transaction>> {
  const store = await openStore();
  return {
    processor: createTransactionalBatchProcessor({
      atomic: (body) => store.transactions.atomic(body),
      validate,
      savepoints,
    }),
    store: async (text, { transaction }) => {
      await transaction.execute("INSERT INTO entry VALUES (?)", [text]);
    },
    stored: () => store.stored(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

const insert = sqlQuery<never, { text: string }>("INSERT INTO entry VALUES (:text)");

/** Processors that write by themselves: the operation has nothing to store. */
async function openWriting(
  make: (store: Store) => BatchProcessor<string, string, Transaction>,
): Promise<ProcessorHarness<Transaction>> {
  const store = await openStore();
  return {
    processor: make(store),
    store: () => undefined,
    stored: () => store.stored(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

const openStorage = (): Promise<ProcessorHarness<Transaction>> =>
  openWriting(({ transactions }) =>
    createStorageBatchProcessor<string, { text: string }, Transaction>({
      atomic: (body) => transactions.atomic(body),
      query: insert,
      valuesOf: ({ item }) => ({ text: item }),
      validate,
    }),
  );

const openIndex = (): Promise<ProcessorHarness<Transaction>> =>
  openWriting(({ transactions }) =>
    createIndexBatchProcessor<string, { text: string }, Transaction>({
      atomic: (body) => transactions.atomic(body),
      batchUpdate: (changes, transaction) => transaction.runMany(insert, changes),
      changeOf: ({ item }) => ({ text: item }),
      validate,
    }),
  );

describe("B1 B5: the rules of every processor, in memory", () => {
  it.each(processorRules)("$name", async ({ check }) => {
    await expect(check(openMemory)).resolves.toBeUndefined();
  });
});

describe("B4: the rules of every processor, in transactions on SQLite", () => {
  it.each(processorRules)("$name", async ({ check }) => {
    await expect(check(() => openTransactional("each"))).resolves.toBeUndefined();
  });
});

describe("B4: the rules of every processor, without savepoints until one fails", () => {
  it.each(processorRules)("$name", async ({ check }) => {
    await expect(check(() => openTransactional("on-failure"))).resolves.toBeUndefined();
  });
});

describe("B1: the rules of every processor, writing rows", () => {
  it.each(processorRules)("$name", async ({ check }) => {
    await expect(check(openStorage)).resolves.toBeUndefined();
  });
});

describe("B1: the rules of every processor, telling indexes", () => {
  it.each(processorRules)("$name", async ({ check }) => {
    await expect(check(openIndex)).resolves.toBeUndefined();
  });
});
