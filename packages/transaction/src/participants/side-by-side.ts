/** Enough to keep every thread that serves files busy, and few enough to wait for. */
const widthMax = 16;

/**
 * Runs `work` for every item, several at a time, begun in their order. All that
 * was begun has ended when it answers or throws the first error; after an error
 * nothing more is begun.
 *
 * @internal
 */
export async function sideBySide<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const errors: unknown[] = [];
  const rest = [...items].values();
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      try {
        await work(item);
      } catch (error) {
        errors.push(error);
      }
      if (errors.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: widthMax }, worker));
  if (errors.length > 0) throw errors[0];
}
