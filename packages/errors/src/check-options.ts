import { commonError } from "./errors.ts";

/** The whole numbers an option accepts, both ends included. */
export interface OptionRange {
  readonly min: number;
  readonly max: number;
}

/** What an option accepts: whole numbers, one of several words, or anything. */
export type OptionRule = OptionRange | readonly string[] | "any";

/** Every option a function knows. */
export type OptionRules<Options> = {
  readonly [Name in keyof Required<Options>]: OptionRule;
};

/**
 * Refuses options that do not exist, numbers outside their range and unknown
 * words. An option that is `undefined` counts as left out.
 *
 * `owner` is the function the caller called; it stands in the message.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function checkOptions<Options extends object>(
  owner: string,
  options: Options,
  rules: OptionRules<Options>,
): void {
  const known: Readonly<Record<string, OptionRule>> = rules;
  // A plain loop: called before every read and transaction, mostly with no options at all.
  for (const option in options) {
    if (!Object.hasOwn(options, option)) continue;
    const value: unknown = options[option];
    const rule = Object.hasOwn(known, option) ? known[option] : undefined;
    if (rule === undefined) throw unknownOption(owner, option, Object.keys(known));
    if (value === undefined || accepts(rule, value)) continue;
    throw commonError(
      "configuration.invalid_option",
      `The option "${option}" of ${owner} must be ${describe(rule)}.`,
      { details: { owner, option, accepted: rule } },
    );
  }
}

function unknownOption(owner: string, option: string, known: readonly string[]): Error {
  return commonError(
    "configuration.unknown_option",
    `${owner} has no option "${option}". It knows ${known.join(", ")}.`,
    { details: { owner, option, known } },
  );
}

function accepts(rule: OptionRule, value: unknown): boolean {
  if (rule === "any") return true;
  if (!("min" in rule)) return typeof value === "string" && rule.includes(value);
  return Number.isInteger(value) && Number(value) >= rule.min && Number(value) <= rule.max;
}

function describe(rule: OptionRule): string {
  if (rule === "any") return "anything";
  return "min" in rule
    ? `a whole number from ${rule.min} to ${rule.max}`
    : `one of ${rule.join(", ")}`;
}
