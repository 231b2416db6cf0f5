import { checkOptions, type OptionRules } from "@atlas/errors";
import { describe, expect, it } from "vitest";

interface Options {
  readonly sizeMax?: number | undefined;
  readonly name?: string;
  readonly mode?: string;
}
const rules: OptionRules<Options> = {
  sizeMax: { min: 1, max: 10 },
  name: "any",
  mode: ["fast", "safe"],
};

describe("checkOptions", () => {
  it.each<Options>([
    {},
    { sizeMax: 1 },
    { sizeMax: 10, name: "x" },
    { sizeMax: undefined },
    { mode: "fast" },
  ])("accepts %o", (options) => {
    expect(() => checkOptions("openBox", options, rules)).not.toThrow();
  });

  it.each([0, 11, 1.5, Number.NaN, Infinity, "3"])("refuses sizeMax %o", (sizeMax) => {
    const check = () => checkOptions("openBox", { sizeMax: sizeMax as number }, rules);

    expect(check).toThrow(
      expect.objectContaining({
        code: "configuration.invalid_option",
        message: 'The option "sizeMax" of openBox must be a whole number from 1 to 10.',
        details: { owner: "openBox", option: "sizeMax", accepted: { min: 1, max: 10 } },
      }),
    );
  });

  it.each(["slow", "", 1])("refuses the word %o", (mode) => {
    const check = () => checkOptions("openBox", { mode: mode as string }, rules);

    expect(check).toThrow('The option "mode" of openBox must be one of fast, safe.');
  });

  it.each(["maxSize", "constructor", "__proto__"])("refuses the unknown option %s", (option) => {
    const options = Object.fromEntries([[option, 3]]);

    expect(() => checkOptions("openBox", options as Options, rules)).toThrow(
      expect.objectContaining({
        code: "configuration.unknown_option",
        message: `openBox has no option "${option}". It knows sizeMax, name, mode.`,
      }),
    );
  });
});
