import type { Node } from "oxc-parser";
import type { Finding, Rule } from "../rule.ts";
import { lineOf, moduleRequestsOf, parse, type Source, walk } from "../source.ts";
import { sourcesOf } from "../workspace.ts";

const containers = ["tsyringe", "reflect-metadata"];
const processState = ["env", "argv", "cwd", "exit", "exitCode", "stdin", "stdout", "stderr"];
const randomFunctions = ["randomUUID", "randomBytes", "randomInt", "getRandomValues"];
const clocksAndDice = [
  "Date",
  "Date.now",
  "performance.now",
  "process.hrtime",
  "process.hrtime.bigint",
  "Math.random",
  ...randomFunctions.map((name) => `crypto.${name}`),
];

/**
 * Libraries are told the time, the dice and the surroundings through options.
 *
 * A clock or a random source may be named without a call (`clock: Date.now`). It may be called in a
 * function that is the default of an option: an arrow function without a block that is the value of
 * a property, of a parameter or behind `??`, and any function whose name says that it is one, by
 * beginning with `default`, `random` or `system` (`randomTaskId`, `systemClock`).
 */
export const purity: Rule = {
  name: "purity",
  promise: "Libraries get clock, randomness, environment and console through options.",
  check: ({ packages }) =>
    packages
      .filter(({ kind, manifest }) => kind === "package" && manifest.private !== true)
      .flatMap((owner) =>
        sourcesOf(owner).flatMap(([path, text]) =>
          impurities(parse(`${owner.folder}/${path}`, text)),
        ),
      ),
};

function impurities(source: Source): Finding[] {
  const findings: Finding[] = [];
  const report = (start: number, message: string): void =>
    void findings.push({ at: `${source.path}:${lineOf(source, start)}`, message });

  for (const { specifier, start } of moduleRequestsOf(source))
    if (containers.includes(specifier)) report(start, `Only apps/server may import ${specifier}.`);

  const aliases = cryptoAliases(source);
  walk(source.program, (node, ancestors) => {
    if (isSurroundings(node, ancestors))
      report(node.start, `"${nameOf(node)}" belongs to the application: take an option instead.`);
    const called = calledName(node, aliases);
    if (called !== undefined && clocksAndDice.includes(called) && !isDefault(ancestors))
      report(node.start, `"${called}" is called here: take it as an option with a default.`);
  });
  return findings;
}

/** Local names of random functions imported from `node:crypto`, with their full name. */
function cryptoAliases(source: Source): ReadonlyMap<string, string> {
  const entries = source.module.staticImports
    .filter(({ moduleRequest }) => /^(node:)?crypto$/.test(moduleRequest.value))
    .flatMap(({ entries: names }) => names);
  return new Map(
    entries.map(({ importName, localName }) => [localName.value, `crypto.${importName.name}`]),
  );
}

function isSurroundings(node: Node, ancestors: readonly Node[]): boolean {
  const name = nameOf(node);
  const parent = ancestors.at(-1);
  if (name === "console") return parent?.type === "MemberExpression" && parent.object === node;
  return processState.some((state) => name === `process.${state}`);
}

/** The dotted name that a call or `new` without arguments reaches. */
function calledName(node: Node, aliases: ReadonlyMap<string, string>): string | undefined {
  const isCall = node.type === "CallExpression";
  if (!isCall && !(node.type === "NewExpression" && node.arguments.length === 0)) return undefined;
  const name = nameOf(node.callee);
  return name === undefined ? undefined : (aliases.get(name) ?? name);
}

/** `a.b.c` of an identifier or a chain of plain member accesses. */
function nameOf(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || node.property.type !== "Identifier") return undefined;
  const object = nameOf(node.object);
  if (node.computed || object === undefined) return undefined;
  return `${object.replace(/^globalThis\./, "")}.${node.property.name}`;
}

function isDefault(ancestors: readonly Node[]): boolean {
  return ancestors.some((node, index) => {
    const parent = ancestors[index - 1];
    if (node.type === "FunctionDeclaration") return saysDefault(node.id);
    if (node.type !== "ArrowFunctionExpression") return false;
    if (parent?.type === "VariableDeclarator") return saysDefault(parent.id);
    return node.body.type !== "BlockStatement" && isDefaultPlace(node, parent);
  });
}

/** Whether a name tells that its function stands for an option that was left out. */
function saysDefault(name: Node | null): boolean {
  return name?.type === "Identifier" && /^(default|random|system)[A-Z]/.test(name.name);
}

/** Whether the default of an option stands at this place of its parent. */
function isDefaultPlace(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case "Property":
      return parent.value === node;
    case "AssignmentPattern":
      return parent.right === node;
    case "LogicalExpression":
      return parent.operator === "??" && parent.right === node;
    default:
      return false;
  }
}
