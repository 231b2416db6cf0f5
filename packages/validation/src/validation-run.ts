/**
 * One list of items on its way through schema and rules. Everything here is
 * paid once per item, so an item without issues costs the schema, one call per
 * rule and its result: lists of issues exist only for items that have some, and
 * nothing is awaited per item unless the schema is asynchronous.
 */
import type { BusinessRule, PreparedRule, RuleDeclaration } from "./business-rule.ts";
import { overlaps } from "./field-path.ts";
import { type IssueCollector, issueList, type IssueList } from "./issue-collector.ts";
import { schemaIssuesOf, type SchemaFunction } from "./run-schema.ts";
import type { StandardSchemaResult } from "./standard-schema.ts";
import type { IssueSeverity, ValidationFinding, ValidationIssue } from "./validation-issue.ts";
import type { ValidationResult } from "./validation-result.ts";

/** The fields that changed: of every item, or of the one asked for; undefined runs every rule. */
export type Changed<Value> =
  | readonly string[]
  | ((item: Value, index: number) => readonly string[] | undefined);

const noIssues: readonly ValidationIssue[] = Object.freeze([]);

/** Runs a schema and rules over one list of items. */
export class ValidationRun<Value> {
  readonly #collector: IssueCollector;
  readonly #inputs: number;
  /** What the schema accepted, and the position of each among the inputs. */
  readonly #values: Value[] = [];
  readonly #positions: number[] = [];
  /** Only of items that have issues, by position. */
  readonly #lists = new Map<number, IssueList>();
  #rejected = 0;

  private constructor(inputs: number, collector: IssueCollector) {
    this.#inputs = inputs;
    this.#collector = collector;
  }

  /** Begins with the schema; answers at once unless that is asynchronous. */
  static start<Value>(
    validate: SchemaFunction<Value>,
    inputs: readonly unknown[],
    collector: IssueCollector,
  ): ValidationRun<Value> | Promise<ValidationRun<Value>> {
    const run = new ValidationRun<Value>(inputs.length, collector);
    for (let at = 0; at < inputs.length; at += 1) {
      const answer = validate(inputs[at]);
      // Waiting for a value that is already there would cost a turn of the queue per item.
      if (answer instanceof Promise) return run.#waitFor(answer, validate, inputs.slice(at));
      run.#accept(at, answer);
    }
    return run;
  }

  /** Items with at least one error. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Runs the rules, one after the other, each on the items whose change can break it. */
  async check<Context>(
    rules: readonly BusinessRule<Value, Context>[],
    context: Context,
    changed: Changed<Value> | undefined,
  ): Promise<void> {
    const all = { values: this.#values, positions: this.#positions };
    const perItem =
      typeof changed === "function"
        ? all.values.map((value, at) => changed(value, all.positions[at]!))
        : undefined;
    for (const rule of rules) {
      if (typeof changed === "object" && !canBreak(rule, changed)) continue;
      const judged = perItem === undefined ? all : concerned(rule, all, perItem);
      if (judged.values.length === 0) continue;
      const pending = rule.prepare(judged.values, context);
      this.#judge(rule, judged, typeof pending === "function" ? pending : await pending);
    }
  }

  /** One result per input, in their order. */
  results(): ValidationResult<Value>[] {
    const results: ValidationResult<Value>[] = [];
    let next = 0;
    for (let at = 0; at < this.#inputs; at += 1) {
      const passed = this.#positions[next] === at;
      const list = this.#lists.size === 0 ? undefined : this.#lists.get(at);
      const { issues = noIssues, truncated = false } = list ?? {};
      results.push(
        passed && list?.failed !== true
          ? { ok: true, value: this.#values[next] as Value, issues, truncated }
          : { ok: false, issues, truncated },
      );
      if (passed) next += 1;
    }
    return results;
  }

  async #waitFor(
    first: Promise<StandardSchemaResult<Value>>,
    validate: SchemaFunction<Value>,
    inputs: readonly unknown[],
  ): Promise<this> {
    const from = this.#inputs - inputs.length;
    this.#accept(from, await first);
    for (let at = 1; at < inputs.length; at += 1) {
      this.#accept(from + at, await validate(inputs[at]));
    }
    return this;
  }

  #accept(position: number, result: StandardSchemaResult<Value>): void {
    if (result.issues === undefined) {
      this.#values.push(result.value);
      this.#positions.push(position);
    } else {
      for (const make of schemaIssuesOf(result.issues)) this.#note(position, "error", make);
    }
  }

  #judge(
    rule: RuleDeclaration<Value>,
    { values, positions }: Judged<Value>,
    check: PreparedRule<Value>,
  ): void {
    for (let at = 0; at < values.length; at += 1) {
      const verdict = check(values[at]!);
      if (verdict !== true) this.#break(rule, positions[at]!, verdict);
    }
  }

  #break(
    rule: RuleDeclaration<Value>,
    position: number,
    verdict: false | readonly ValidationFinding[],
  ): void {
    const { severity = "error" } = rule;
    for (const finding of verdict === false ? [{}] : verdict) {
      this.#note(position, severity, () => issueOf(rule, severity, finding));
    }
  }

  #note(position: number, severity: IssueSeverity, make: () => ValidationIssue): void {
    let list = this.#lists.get(position);
    if (list === undefined) {
      list = issueList();
      this.#lists.set(position, list);
    }
    const { failed } = list;
    this.#collector.add(list, severity, make);
    if (!failed && list.failed) this.#rejected += 1;
  }
}

/** Items that one rule looks at, and their positions among the inputs. */
interface Judged<Value> {
  readonly values: readonly Value[];
  readonly positions: readonly number[];
}

function canBreak<Value>(
  { fields }: RuleDeclaration<Value>,
  changed: readonly string[] | undefined,
): boolean {
  if (changed === undefined || fields === "all") return true;
  for (const field of fields) {
    for (const other of changed) if (overlaps(field, other)) return true;
  }
  return false;
}

function concerned<Value>(
  rule: RuleDeclaration<Value>,
  { values, positions }: Judged<Value>,
  changed: readonly (readonly string[] | undefined)[],
): Judged<Value> {
  const some: { values: Value[]; positions: number[] } = { values: [], positions: [] };
  for (let at = 0; at < values.length; at += 1) {
    if (!canBreak(rule, changed[at])) continue;
    some.values.push(values[at]!);
    some.positions.push(positions[at]!);
  }
  return some;
}

function issueOf<Value>(
  { code, message, fields }: RuleDeclaration<Value>,
  severity: IssueSeverity,
  finding: ValidationFinding,
): ValidationIssue {
  const only = fields !== "all" && fields.length === 1 ? fields[0]!.split(".") : [];
  return {
    code,
    message: finding.message ?? message,
    severity,
    path: finding.path ?? only,
    stage: "rule",
  };
}
