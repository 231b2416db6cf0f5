/** Random queries whose every argument may be a string nobody should have let through. */
import {
  alias,
  column,
  constant,
  count,
  deleteFrom,
  from,
  insertInto,
  param,
  plus,
  type Query,
  type Table,
  unsafeExpression,
  updateTable,
  upsert,
  withRecursive,
  withTable,
} from "@atlas/storage";
import fc from "fast-check";
import { notes, tasks } from "../fixtures/schema.ts";
import { untyped, type Untyped } from "../fixtures/untyped.ts";

/** What a random query is made of. */
export interface Dice {
  /** Decide, one after the other and from the beginning again, what is chosen. */
  readonly rolls: readonly number[];
  /** What nobody should let through, and ordinary values. */
  readonly strings: readonly unknown[];
}

const injections: readonly unknown[] = [
  'x" OR 1=1 --',
  "'; drop table tasks; --",
  '"',
  "id\0",
  "tasks.id; --",
  'tasks."id"',
  "1; delete from tasks",
  "id) UNION SELECT sql FROM sqlite_schema --",
  "__proto__",
  "constructor",
  "?",
  ":name",
  "",
  { placeholder: "id" },
  { sql: "1" },
  { kind: "with", name: "x" },
  null,
];

/** Dice for one random query. */
export const dice: fc.Arbitrary<Dice> = fc.record({
  rolls: fc.array(fc.nat(5_039), { minLength: 60, maxLength: 300 }),
  strings: fc.array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...injections),
      fc.json().map((text): unknown => JSON.parse(text)),
    ),
    { minLength: 1, maxLength: 5 },
  ),
});

const columns = ["id", "name", "parent", "priority", "done", "weight"] as const;
const operators = [
  "eq",
  "neq",
  "gt",
  "gte",
  "lt",
  "lte",
  "in",
  "notIn",
  "like",
  "notLike",
  "between",
  "isNull",
  "isNotNull",
];
const operands: readonly unknown[] = ["a", 1, true, 0.5, [1, 2], ["a"], [true, false], 2n];
const aggregates = ["count", "countDistinct", "sum", "avg", "min", "max"];

/** A random query. */
export interface RandomQuery {
  readonly query: Query;
  /** False when it uses a table that nobody declared, and so nobody created. */
  readonly runs: boolean;
}

/** Builds one random query; throws what the builder throws. */
export function randomQuery(given: Dice): RandomQuery {
  const g = new Generator(given);
  const kind = g.roll(10);
  const builder = kind < 6 ? g.select(2) : kind < 9 ? g.change() : g.insert();
  return { query: builder.build(), runs: !g.forged };
}

class Generator {
  readonly #dice: Dice;
  /** True once it has used a table that nobody declared. */
  forged = false;
  #rolled = 0;
  #made = 0;
  /** Names of columns that the query being made can use. */
  #names: readonly string[] = columns;

  constructor(given: Dice) {
    this.#dice = given;
  }

  /** A number from zero to below the limit. */
  roll(limit: number): number {
    const { rolls } = this.#dice;
    this.#rolled += 1;
    // The second turn through the same rolls chooses otherwise.
    const turn = Math.floor(this.#rolled / rolls.length);
    return (rolls[this.#rolled % rolls.length]! + turn) % limit;
  }

  select(depth: number): Untyped {
    let query = untyped(from(this.#source(depth) as never));
    if (this.#some(3)) query = this.#join(query);
    query = this.where(query, depth);
    if (this.#some(4)) return this.#paged(this.#grouped(query));
    query = query["select"]!(...this.#list(() => this.#item()));
    return this.#some(5) ? query["distinct"]!() : this.#paged(query);
  }

  where(query: Untyped, depth: number): Untyped {
    let next = query;
    for (const condition of this.#list(() => this.#condition(depth), 0)) {
      next = next["where"]!([condition]);
    }
    if (depth > 0 && this.#some(3)) {
      const method = this.#some(2) ? "whereExists" : "whereNotExists";
      next = next[method]!((outer: OuterStart) => this.#inner(outer, depth - 1));
    }
    return this.#some(9) ? (next["everywhere"]?.() ?? next) : next;
  }

  change(): Untyped {
    const table = this.table();
    this.#names = Object.keys(table.columns);
    if (this.#some(2)) return this.#returning(this.where(untyped(deleteFrom(table)), 2));
    const set = Object.fromEntries(
      this.#list(() => [
        this.#column(),
        this.#one([...this.#values(), param("v"), plus(1), column("name")]),
      ]),
    ) as object;
    const start = untyped(updateTable(table));
    return this.#returning(this.where(untyped(start["set"]!(set)), 2));
  }

  insert(): Untyped {
    const plain = this.#some(2);
    const table = this.table();
    this.#names = table === tasks ? ["id", "name", "priority"] : ["task", "body"];
    let query = untyped(plain ? insertInto(table) : upsert(table));
    query = query["columns"]!(...this.#names.map((name) => this.#one([name])));
    if (plain && this.#some(2)) query = query["ignoreConflicts"]!();
    if (!plain && this.#some(3)) query = query["key"]!(this.#one(table.primaryKey));
    if (!plain && this.#some(3)) query = query["update"]!(this.#column());
    return this.#returning(query);
  }

  /** A declared table, or an object that only looks like one. */
  table(): Table {
    if (!this.#some(40)) return this.roll(2) === 0 ? tasks : notes;
    this.forged = true;
    const name = this.#hostile();
    const columnName = String(this.#hostile());
    const forged = { name, columns: { [columnName]: { type: "text" } }, primaryKey: [columnName] };
    return forged as unknown as Table;
  }

  #returning(query: Untyped): Untyped {
    return this.#some(2) ? query["returning"]!(...this.#list(() => this.#column())) : query;
  }

  #source(depth: number): unknown {
    if (depth > 0 && this.#some(4)) return this.#named(depth - 1);
    const table = this.table();
    const name = this.#some(2) ? table.name : (this.#one([`t${(this.#made += 1)}`]) as string);
    this.#names = namesOf(name, Object.keys(table.columns));
    return name === table.name ? table : alias(table, name);
  }

  #named(depth: number): unknown {
    const name = this.#one(["w", `w${(this.#made += 1)}`]) as string;
    const isRecursive = this.#some(2);
    const query = isRecursive ? this.#recursive(name) : this.#ordinary(name, depth);
    this.#names = namesOf(name, ["id", "depth"]);
    return query;
  }

  #ordinary(name: string, depth: number): unknown {
    this.#names = columns;
    const inner = this.where(untyped(from(tasks)), depth);
    return withTable(name, inner["select"]!("id", { depth: "priority" }) as never);
  }

  #recursive(name: string): unknown {
    const start = from(tasks).select("id", { depth: constant(0) });
    const depth = this.#one([`${name}.depth`]) as string;
    return withRecursive(name, start as never, (self) => {
      const joined = untyped(from(tasks))["join"]!("inner", self, {
        [`${name}.id`]: "tasks.parent",
      });
      const selected = joined["select"]!("tasks.id", { depth: plus(depth, 1) });
      return selected["where"]!(`${name}.depth`, "lt", 3) as never;
    });
  }

  #inner(outer: OuterStart, depth: number): unknown {
    const names = this.#names;
    const name = `i${(this.#made += 1)}`;
    const table = this.table();
    this.#names = [...namesOf(name, Object.keys(table.columns)), ...names.filter(isQualified)];
    const query = this.where(untyped(outer.from(alias(table, name) as never)), depth);
    this.#names = names;
    return query;
  }

  #join(query: Untyped): Untyped {
    const name = this.#one([`n${(this.#made += 1)}`]) as string;
    const kind = this.#one(["inner", "left", "right"]);
    const key = this.#names.filter(isQualified).find((each) => /\.(?:id|task)$/.test(each));
    const joined = query["join"]!(kind, alias(notes, name), {
      [String(this.#one([`${name}.task`]))]: this.#one([key]),
    });
    this.#names = [
      ...this.#names.filter(isQualified),
      ...namesOf(name, Object.keys(notes.columns)),
    ];
    return joined;
  }

  #item(): unknown {
    if (this.#some(2)) return this.#column();
    const name = String(this.#one(["a", "b", "name", "id"]));
    const value = this.#one([
      this.#column(),
      this.#column(),
      constant("x"),
      plus(String(this.#column()), 1),
      unsafeExpression("integer", "1"),
    ]);
    return { [name]: value };
  }

  #grouped(query: Untyped): Untyped {
    const names = this.#list(() => this.#column());
    const selected = query["select"]!({ a: names[0], n: this.#aggregate(), rows: count() });
    const grouped = selected["groupBy"]!(...names);
    if (this.#some(2)) return grouped;
    const { operator, value } = this.#comparison(0);
    return grouped["having"]!(this.#aggregate(), operator, value);
  }

  #paged(query: Untyped): Untyped {
    let next = query;
    for (const term of this.#list(() => this.#term(), 0)) next = next["orderBy"]!(...term);
    if (this.#some(3)) next = next["limit"]!(this.#one([1, param("n")]));
    return this.#some(6) ? next["offset"]!(this.#one([1, param("n")])) : next;
  }

  #aggregate(): unknown {
    return { aggregate: this.#one(aggregates), column: this.#column() };
  }

  #term(): readonly unknown[] {
    const term = this.#some(5) ? this.#aggregate() : this.#column();
    return [term, this.#one(["asc", "desc"]), this.#one([undefined, "first", "last"])];
  }

  #condition(depth: number): unknown {
    if (depth > 0 && this.#some(3)) {
      const list = this.#list(() => this.#condition(depth - 1));
      return this.#some(2) ? { any: list } : { all: list };
    }
    if (depth > 0 && this.#some(5)) {
      return { exists: (outer: OuterStart) => this.#inner(outer, depth - 1) };
    }
    return { column: this.#column(), ...this.#comparison(depth) };
  }

  #comparison(depth: number): { readonly operator: unknown; readonly value: unknown } {
    const operator = this.#one(operators);
    if (this.#some(6)) return { operator, value: this.#one(this.#values()) };
    if (operator === "in" || operator === "notIn") {
      const query = from(notes).select(this.#one(["task", "seq"]) as "task");
      return { operator, value: depth > 0 ? query : this.#one([["a"], [1, 2], param("p")]) };
    }
    if (operator === "between") {
      return {
        operator,
        value: this.#one([
          [1, 2],
          ["a", param("p")],
          [param("p"), 2],
        ]),
      };
    }
    return { operator, value: this.#one(["a", 1, param("p"), column(String(this.#column()))]) };
  }

  #values(): readonly unknown[] {
    return [...operands, this.#hostile()];
  }

  #column(): unknown {
    return this.#one(this.#names);
  }

  /** One of the list, or, once in a while, something else. */
  #one(list: readonly unknown[]): unknown {
    return this.#some(80) ? this.#hostile() : list[this.roll(list.length)];
  }

  #hostile(): unknown {
    return this.#dice.strings[this.roll(this.#dice.strings.length)];
  }

  #list<T>(make: () => T, min = 1): T[] {
    return Array.from({ length: min + this.roll(4 - min) }, make);
  }

  /** True once in so many times. */
  #some(times: number): boolean {
    return this.roll(times) === times - 1;
  }
}

interface OuterStart {
  readonly from: (source: never) => unknown;
}

function namesOf(name: unknown, own: readonly string[]): readonly string[] {
  return own.flatMap((each) => [each, `${String(name)}.${each}`]);
}

function isQualified(name: string): boolean {
  return name.includes(".");
}
