import type * as z from "zod/v4";
import { nearestName } from "../config/nearest-name.ts";
import { serverError } from "../errors.ts";

/** Problems named in one message; more would only hide the first. */
const issuesMax = 5;

/**
 * Checks arguments against the schema of a tool.
 *
 * @throws {AtlasError} validation.failed naming each field, what it should be,
 * and for an unknown name the known ones.
 */
export function parseArguments<Schema extends z.ZodType>(
  tool: string,
  schema: Schema,
  given: unknown,
): z.output<Schema> {
  const result = schema.safeParse(given ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => describe(issue, schema, tool));
  const shown = problems.slice(0, issuesMax);
  const more = problems.length - shown.length;
  throw serverError(
    "validation.failed",
    `The arguments of ${tool} are not usable: ${shown.join(" ")}` +
      (more > 0 ? ` And ${more} more.` : ""),
    { details: { tool, issues: shown } },
  );
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, tool: string): string {
  const at = issue.path.reduce<string>(
    (path, step) =>
      typeof step === "number"
        ? `${path}[${step}]`
        : path === ""
          ? String(step)
          : `${path}.${String(step)}`,
    "",
  );
  if (issue.code !== "unrecognized_keys") return `"${at || tool}": ${issue.message}.`;
  const known = keysAt(schema, issue.path);
  const unknown = issue.keys.map((key) => {
    const nearest = nearestName(key, known);
    return nearest === undefined ? `"${key}"` : `"${key}" (did you mean "${nearest}"?)`;
  });
  const owner = at === "" ? tool : `"${at}"`;
  return `${owner} has no ${unknown.join(", ")}; it knows ${known.join(", ")}.`;
}

/** The names an object in the arguments may have, found by walking down the schema. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    at = inner(at);
    if (at === undefined) break;
    const { def } = at._zod as { def: { element?: z.core.$ZodType; shape?: Shape } };
    at = typeof step === "number" ? def.element : def.shape?.[String(step)];
  }
  const object = at === undefined ? undefined : inner(at);
  const shape = (object?._zod.def as { shape?: Shape } | undefined)?.shape;
  return Object.keys(shape ?? {});
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** The schema inside optional, nullable and preprocessed ones. */
function inner(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const def = schema?._zod.def as
    | { type: string; innerType?: z.core.$ZodType; out?: z.core.$ZodType }
    | undefined;
  if (def?.type === "pipe") return inner(def.out);
  return def?.innerType === undefined ? schema : inner(def.innerType);
}
