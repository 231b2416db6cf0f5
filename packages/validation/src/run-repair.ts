import { validationError } from "./errors.ts";
import type { RepairChoice, RepairOutcome, RepairPlan, RepairStep } from "./repair-plan.ts";
import { proposalsOf } from "./run-checks.ts";
import type { RuntimeCheck } from "./runtime-check.ts";
import type { RepairedStep } from "./validation-result.ts";

/** Steps of a plan that is accepted; `verify` proposes fewer. */
const stepsMax = 1_000_000;

/** The steps that were chosen, in the order of the plan. @throws {AtlasError} validation.invalid_repair */
export function chosenSteps(plan: RepairPlan, choice: RepairChoice): readonly RepairStep[] {
  if (plan.steps.length > stepsMax) throw invalidRepair(`A plan has at most ${stepsMax} steps.`);
  const chosen = choice === "safe" ? firstSafe(plan) : byNumber(plan, choice);
  const findings = new Set<number>();
  for (const { finding, number } of chosen) {
    if (findings.has(finding))
      throw invalidRepair(`The step ${number} excludes another one that was chosen.`);
    findings.add(finding);
  }
  return chosen;
}

/** Carries out the steps that are still needed, and answers with each one's outcome. */
export async function carryOut<Context>(
  checks: readonly RuntimeCheck<Context>[],
  chosen: readonly RepairStep[],
  context: Context,
): Promise<RepairedStep[]> {
  const byCheck = grouped(checks, chosen);
  const outcomes = new Map<RepairStep, RepairOutcome>();
  for (const [check, steps] of byCheck) {
    const needed = await stillProposed(check, steps, context);
    for (const step of steps) outcomes.set(step, needed.has(step) ? "repaired" : "unneeded");
    if (needed.size > 0) await check.repair?.([...needed], context);
  }
  for (const [check, steps] of byCheck) {
    const done = steps.filter((step) => outcomes.get(step) === "repaired");
    if (done.length === 0) continue;
    for (const step of await stillProposed(check, done, context)) outcomes.set(step, "ineffective");
  }
  return chosen.map((step) => ({ number: step.number, outcome: outcomes.get(step)! }));
}

/**
 * What the check proposes now and not what it proposed when the plan was made:
 * that is what makes a repair harmless when it is repeated, or late.
 */
async function stillProposed<Context>(
  check: RuntimeCheck<Context>,
  steps: readonly RepairStep[],
  context: Context,
): Promise<ReadonlySet<RepairStep>> {
  const wanted = new Map(steps.map((step) => [identity(step), step]));
  const found = new Set<RepairStep>();
  for await (const finding of await check.verify(context)) {
    for (const { name, data } of proposalsOf(check, finding)) {
      const step = wanted.get(identity({ name, data, path: finding.path ?? [] }));
      if (step !== undefined) found.add(step);
    }
  }
  return found;
}

function identity({ name, path, data }: Pick<RepairStep, "name" | "path"> & { data?: unknown }) {
  return JSON.stringify([name, path, data ?? null]);
}

function grouped<Context>(
  checks: readonly RuntimeCheck<Context>[],
  chosen: readonly RepairStep[],
): ReadonlyMap<RuntimeCheck<Context>, readonly RepairStep[]> {
  const byCode = new Map(checks.map((check) => [check.code, check]));
  const groups = new Map<RuntimeCheck<Context>, RepairStep[]>();
  for (const step of chosen) {
    const check = byCode.get(step.check);
    if (check === undefined)
      throw invalidRepair(
        `The step ${step.number} belongs to the check "${step.check}", which is not one of these.`,
      );
    const group = groups.get(check);
    if (group === undefined) groups.set(check, [step]);
    else group.push(step);
  }
  return groups;
}

function firstSafe({ steps }: RepairPlan): readonly RepairStep[] {
  const findings = new Set<number>();
  return steps.filter(({ safety, finding }) => {
    if (safety !== "safe" || findings.has(finding)) return false;
    findings.add(finding);
    return true;
  });
}

function byNumber({ steps }: RepairPlan, numbers: readonly number[]): readonly RepairStep[] {
  const wanted = new Set(numbers);
  const chosen = steps.filter(({ number }) => wanted.has(number));
  if (chosen.length !== wanted.size)
    throw invalidRepair(
      "A number was chosen that is not the number of exactly one step of the plan.",
    );
  return chosen;
}

function invalidRepair(message: string): Error {
  return validationError("validation.invalid_repair", message);
}
