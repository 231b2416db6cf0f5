import {
  createMemoryBatchProcessor,
  createTransactionalBatchProcessor,
  type BatchJudgement,
} from "@atlas/batch";
import { processorRules, type ProcessorHarness } from "@atlas/batch/testing";
import type { Transaction } from "@atlas/transaction";
import { createValidationCoordinator } from "@atlas/validation";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openStore } from "./fixtures/open-store.ts";

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

async function openTransactional(): Promise<ProcessorHarness<Transaction>> {
  const store = await openStore();
  return {
    processor: createTransactionalBatchProcessor({
      atomic: (body) => store.transactions.atomic(body),
      validate,
    }),
    store: async (text, { transaction }) => {
      await transaction.execute("INSERT INTO entry VALUES (?)", [text]);
    },
    stored: () => store.stored(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

describe("B1 B5: the rules of every processor, in memory", () => {
  it.each(processorRules)("$name", async ({ check }) => {
    await expect(check(openMemory)).resolves.toBeUndefined();
  });
});

describe("B4: the rules of every processor, in transactions on SQLite", () => {
  it.each(processorRules)("$name", async ({ check }) => {
    await expect(check(openTransactional)).resolves.toBeUndefined();
  });
});
