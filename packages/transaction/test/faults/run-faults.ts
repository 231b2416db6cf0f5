/** Lets the device fail at the n-th call of a fixed workload, for every n. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { childEnvironment } from "../fixtures/child-environment.ts";
import type { FaultCase, FaultPlan } from "../fixtures/fault-child.ts";
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import { compilePreload } from "../fixtures/preload.ts";

const outputBytesMax = 256 * 2 ** 20;

/** Every kind of fault, at the places given; of syncs there are fewer, so each of them counts. */
export function faultPlans(
  where: Pick<FaultPlan, "places" | "step" | "transactions">,
): readonly FaultPlan[] {
  const kinds = [
    { call: "write", error: "ENOSPC" },
    { call: "write", error: "EIO" },
    { call: "sync", error: "EIO" },
  ] as const;
  return (["opening", "work"] as const).flatMap((during) =>
    kinds.flatMap((kind) =>
      (["once", "stays"] as const).map((duration) => {
        const step = kind.call === "sync" ? 1 : where.step;
        return { ...kind, duration, during, ...where, step };
      }),
    ),
  );
}

/** Runs all plans, in two processes at a time. */
export async function runFaults(plans: readonly FaultPlan[]): Promise<readonly FaultCase[]> {
  using directory = memoryDirectory();
  const library = compilePreload(directory);
  const isEven = (_: FaultPlan, index: number): boolean => index % 2 === 0;
  const isOdd = (_: FaultPlan, index: number): boolean => index % 2 === 1;
  const halves = [plans.filter(isEven), plans.filter(isOdd)];
  const cases = await Promise.all(halves.map((half) => runPlans(half, library)));
  return cases.flat();
}

async function runPlans(
  plans: readonly FaultPlan[],
  library: string,
): Promise<readonly FaultCase[]> {
  using directory = memoryDirectory();
  const root = directory.file("stores");
  mkdirSync(root);
  const [marks, fired] = [directory.file("marks"), directory.file("fired")];
  const script = join(import.meta.dirname, "../fixtures/fault-child.ts");
  const given = [root, marks, fired, JSON.stringify(plans)];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@atlas/source", script, ...given],
    {
      maxBuffer: outputBytesMax,
      env: {
        ...childEnvironment,
        LD_PRELOAD: library,
        ATLAS_IO_ROOT: root,
        ATLAS_IO_MARKS: marks,
        ATLAS_IO_FIRED: fired,
      },
    },
  );
  const lines = stdout.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as FaultCase);
}

/** One row per kind of fault, in Markdown: what callers saw. */
export function describeFaults(cases: readonly FaultCase[]): string {
  const groups = Map.groupBy(
    cases,
    ({ plan }) => `${plan.error} on ${plan.call}, ${plan.duration}, while ${plan.during}`,
  );
  const rows = [...groups].map(([name, group]) => {
    const told = group.flatMap((one) => one.told);
    const durable = told.filter(({ writer, fate }) => writer === "during" && fate === "durable");
    const codes = [
      ...told.flatMap(({ code }) => code ?? []),
      ...group.flatMap(({ opening }) => opening ?? []),
    ];
    return [
      name,
      group.length,
      durable.length,
      tally(codes),
      group.flatMap(({ contradictions }) => contradictions).length,
      group.flatMap(({ escaped }) => escaped).length,
      group.filter(({ resumed }) => !resumed).length,
    ];
  });
  const head = [
    "fault",
    "places",
    "durable meanwhile",
    "codes seen",
    "contradictions",
    "escaped",
    "not resumed",
  ];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function tally(codes: readonly string[]): string {
  const counts = Map.groupBy(codes, (code) => code);
  const sorted = [...counts].toSorted(([, a], [, b]) => b.length - a.length);
  return sorted.map(([code, all]) => `${code} ${all.length}`).join(", ");
}
