import { serverError } from "../errors.ts";

/** A flag of the command line for one argument of a tool. */
export interface ToolOption {
  /** The argument of the tool. */
  readonly name: string;
  /** As commander takes it: `--if-version <number>`. */
  readonly flags: string;
  readonly help: string;
  /** Joins the texts given for the flag into the value of the argument. */
  readonly parse: (texts: readonly string[]) => unknown;
}

interface PropertySchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: PropertySchema;
  readonly anyOf?: readonly PropertySchema[];
}

/** The flags for the arguments that a JSON schema names, except those in `without`. */
export function toolOptions(
  properties: Readonly<Record<string, object>>,
  without: readonly string[],
): readonly ToolOption[] {
  return Object.entries(properties)
    .filter(([name]) => !without.includes(name))
    .map(([name, property]) => optionOf(name, property));
}

function optionOf(name: string, schema: PropertySchema): ToolOption {
  const flag = `--${name.replaceAll("_", "-")}`;
  const kinds = kindsOf(schema);
  const help = helpOf(schema);
  if (kinds.includes("boolean")) return { name, flags: flag, help, parse: () => true };
  if (kinds.includes("array")) {
    const isNotes = kindsOf(schema.items ?? {}).includes("object");
    return {
      name,
      flags: `${flag} <${isNotes ? "kind:text" : "list"}>`,
      help: `${help}${isNotes ? "Several: repeat" : "Several: repeat, or with commas between"}`,
      parse: (texts) => (isNotes ? texts.map(noteOf) : texts.flatMap(partsOf)),
    };
  }
  const parseOne = (text: string): unknown => {
    if (kinds.includes("null") && text === "null") return null;
    if (kinds.includes("integer") || kinds.includes("number")) return numberOf(flag, text);
    return kinds.includes("object") ? jsonOf(flag, text) : text;
  };
  return {
    name,
    flags: `${flag} <${placeholderOf(kinds)}>`,
    help,
    // The last one given counts, as with every other program.
    parse: (texts) => parseOne(texts.at(-1) ?? ""),
  };
}

function kindsOf({ type, anyOf = [] }: PropertySchema): readonly string[] {
  return [...(type === undefined ? [] : [type].flat()), ...anyOf.flatMap(kindsOf)];
}

function placeholderOf(kinds: readonly string[]): string {
  if (kinds.includes("object")) return "json";
  return kinds.includes("string") ? "text" : "number";
}

function helpOf({ description, items, ...schema }: PropertySchema): string {
  const words = schema.enum ?? items?.enum;
  const choices = words === undefined ? "" : `${words.join(", ")}. `;
  return `${description === undefined ? "" : `${description}. `}${choices}`;
}

function partsOf(text: string): string[] {
  return text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
}

/** `completion: all tests pass` */
function noteOf(text: string): { readonly kind: string; readonly text: string } {
  const colon = text.indexOf(":");
  if (colon === -1) return { kind: "progress", text };
  return { kind: text.slice(0, colon).trim(), text: text.slice(colon + 1).trim() };
}

function numberOf(flag: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw serverError("operation.usage", `The value of ${flag} is not a number.`);
}

function jsonOf(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw serverError("operation.usage", `The value of ${flag} is not valid JSON.`, { cause });
  }
}
