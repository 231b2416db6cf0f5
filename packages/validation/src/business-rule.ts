import type { FieldPath } from "./field-path.ts";
import type { IssueSeverity, ValidationFinding } from "./validation-issue.ts";

/** The fields a rule reads; `all` makes it run on every change. */
export type RuleFields<Item> = readonly FieldPath<Item>[] | "all";

/** True when the rule holds; false or a list of findings when it is broken. */
export type RuleVerdict = boolean | readonly ValidationFinding[];

/** What is declared once about a rule. */
export interface RuleDeclaration<Item> {
  /** Stable and dotted, such as `task.name_taken`. */
  readonly code: string;
  /** What is wrong when the rule is broken, as a full sentence without row contents. */
  readonly message: string;
  /** Default: `error`. */
  readonly severity?: IssueSeverity;
  /**
   * A change that touches none of these cannot break the rule, so it is not
   * run. `address` stands for everything inside it, `address.city` for the city.
   */
  readonly fields: RuleFields<Item>;
}

/** A rule in the form its author writes it. */
export interface RuleDefinition<Item, Context, Loaded> extends RuleDeclaration<Item> {
  /**
   * Reads what the checks need: once per call, for all items together that the
   * rule is run on, inside the transaction that the context belongs to.
   */
  readonly load?: (items: readonly Item[], context: Context) => Loaded | Promise<Loaded>;
  /**
   * Judges one item. Synchronous on purpose: whatever has to be read is read
   * by `load`, so that no item costs a query.
   */
  readonly check: (item: Item, loaded: Loaded, context: Context) => RuleVerdict;
}

/** Judges one item by what was loaded. */
export type PreparedRule<Item> = (item: Item) => RuleVerdict;

/** A rule over items that passed the schema; made by {@link defineRule}. */
export interface BusinessRule<Item, Context = undefined> extends RuleDeclaration<Item> {
  /** Loads for all items and answers with the check of one, at once where nothing is waited for. */
  prepare(
    items: readonly Item[],
    context: Context,
  ): PreparedRule<Item> | Promise<PreparedRule<Item>>;
}

/** Makes a rule out of its declaration, an optional `load` and a `check`. */
export function defineRule<Item, Context = unknown, Loaded = undefined>(
  definition: RuleDefinition<Item, Context, Loaded>,
): BusinessRule<Item, Context> {
  const { load, check, ...declaration } = definition;
  return {
    ...declaration,
    prepare(items, context) {
      const prepared =
        (loaded: Loaded): PreparedRule<Item> =>
        (item) =>
          check(item, loaded, context);
      // Without `load` the type parameter Loaded is its default, undefined.
      const loaded = load?.(items, context) as Loaded | PromiseLike<Loaded>;
      return isPending(loaded) ? Promise.resolve(loaded).then(prepared) : prepared(loaded);
    },
  };
}

function isPending<Loaded>(loaded: Loaded | PromiseLike<Loaded>): loaded is PromiseLike<Loaded> {
  return (
    typeof loaded === "object" &&
    loaded !== null &&
    "then" in loaded &&
    typeof loaded.then === "function"
  );
}
