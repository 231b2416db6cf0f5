/** The same conditions as SQL means them, over plain objects. */

/** A row of the table of the model. */
export interface Item {
  readonly key: number;
  readonly n: number | null;
  readonly r: number | null;
  readonly s: string | null;
  readonly b: boolean | null;
}

/** The name of a column of the model. */
export type Name = keyof Item;

/** One condition as the builder takes it. */
export type Node =
  | { readonly all: readonly Node[] }
  | { readonly any: readonly Node[] }
  | { readonly column: Name; readonly operator: string; readonly value?: unknown }
  | { readonly column: Name; readonly operator: string; readonly other: Name };

/** SQL's third truth value is null. */
type Truth = boolean | null;

type Value = string | number | boolean | null;

/** Whether a condition holds for a row; null when SQL does not know. */
export function holds(node: Node, row: Item): Truth {
  if ("all" in node) return node.all.map((each) => holds(each, row)).reduce(and, true);
  if ("any" in node) return not(node.any.map((each) => not(holds(each, row))).reduce(and, true));
  const left = row[node.column];
  const right: unknown = "other" in node ? row[node.other] : node.value;
  return compared(left, node.operator, right);
}

/** Less than zero when `a` is sorted before `b`; null comes before everything. */
export function order(a: Value, b: Value): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(utf8(a), utf8(b));
  // A difference of two infinities would be no number.
  return Number(Number(a) > Number(b)) - Number(Number(a) < Number(b));
}

function compared(left: Value, operator: string, right: unknown): Truth {
  if (operator === "isNull") return left === null;
  if (operator === "isNotNull") return left !== null;
  if (left === null || right === null) return null;
  switch (operator) {
    case "in":
    case "notIn": {
      const found = (right as readonly Value[]).some((value) => order(left, value) === 0);
      return found === (operator === "in");
    }
    case "between": {
      const [low, high] = right as readonly [Value, Value];
      return order(left, low) >= 0 && order(left, high) <= 0;
    }
    case "like":
    case "notLike":
      return matches(String(left), String(right)) === (operator === "like");
  }
  const difference = order(left, right as Value);
  const truths: Readonly<Record<string, boolean>> = {
    eq: difference === 0,
    neq: difference !== 0,
    gt: difference > 0,
    gte: difference >= 0,
    lt: difference < 0,
    lte: difference <= 0,
  };
  return truths[operator]!;
}

/** `%`, `_` and `\`; letters of ASCII are the same in either case. */
function matches(text: string, pattern: string): boolean {
  let source = "";
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at += 1) {
    let character = characters[at]!;
    if (character === "%" || character === "_") {
      source += character === "%" ? "[^]*" : "[^]";
      continue;
    }
    if (character === "\\") {
      at += 1;
      // A pattern that ends in the middle of a character matches nothing.
      if (at === characters.length) return false;
      character = characters[at]!;
    }
    const folded = /[A-Za-z]/.test(character)
      ? `[${character.toLowerCase()}${character.toUpperCase()}]`
      : `\\u{${character.codePointAt(0)!.toString(16)}}`;
    source += folded;
  }
  return new RegExp(`^${source}$`, "u").test(text);
}

function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function utf8(text: string): Buffer {
  return Buffer.from(text, "utf8");
}
