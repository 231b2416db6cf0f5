import type { MemoryConsumer } from "./memory-consumer.ts";

/**
 * Divides bytes by weight. What a consumer cannot use is divided among the
 * others, by weight again.
 */
export function divideBudget(
  budgetBytes: number,
  consumers: readonly MemoryConsumer[],
): ReadonlyMap<MemoryConsumer, number> {
  // In the order they were given in, whoever is served first.
  const shares = new Map<MemoryConsumer, number>(consumers.map((consumer) => [consumer, 0]));
  let open = [...consumers];
  let rest = budgetBytes;
  while (open.length > 0) {
    const weights = open.reduce((sum, { weight }) => sum + weight, 0);
    const part = rest / weights;
    const full = open.filter(({ weight, bytesMax = Infinity }) => bytesMax <= part * weight);
    for (const consumer of full.length === 0 ? open : full) {
      const share = Math.floor(Math.min(part * consumer.weight, consumer.bytesMax ?? Infinity));
      shares.set(consumer, share);
      rest -= share;
    }
    if (full.length === 0) break;
    open = open.filter((consumer) => !full.includes(consumer));
  }
  return shares;
}
