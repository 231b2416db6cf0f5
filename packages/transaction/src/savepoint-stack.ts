import type { Writer } from "@atlas/storage";
import type { Enlisted, Marks } from "./enlisted.ts";
import { transactionError } from "./errors.ts";

/** The savepoints a body sets by name. @internal */
export interface SavepointStack {
  create(name: string): Promise<void>;
  rollbackTo(name: string): Promise<void>;
}

/** Most savepoints that one level of a transaction can hold. */
const savepointsMax = 1_000;

/**
 * Maps the caller's names to generated ones, so that no caller's text reaches
 * SQL and none collides with the savepoints of nested transactions.
 *
 * @internal
 */
export function createSavepointStack(
  root: { readonly enlisted: Enlisted | undefined },
  writer: Writer,
  depth: number,
): SavepointStack {
  const names: string[] = [];
  const marks: (Marks | undefined)[] = [];
  const inner = (index: number): string => `named_${depth}_${index}`;
  return {
    async create(name) {
      if (names.length >= savepointsMax)
        throw transactionError(
          "transaction.invalid_option",
          `A transaction can hold ${savepointsMax} savepoints. Use nested transactions instead.`,
        );
      await writer.savepoint(inner(names.length));
      names.push(name);
      marks.push(root.enlisted?.marks());
    },
    async rollbackTo(name) {
      const index = names.lastIndexOf(name);
      if (index < 0)
        throw transactionError(
          "transaction.savepoint_unknown",
          `No savepoint "${name}" is set in this transaction. Create it before rolling back to it.`,
          { details: { name } },
        );
      await writer.rollbackTo(inner(index));
      root.enlisted?.undoTo(marks[index]);
      names.length = index + 1;
      marks.length = index + 1;
      await writer.savepoint(inner(index));
    },
  };
}
