import { type Comment, type Node, type ParseResult, parseSync, visitorKeys } from "oxc-parser";

/** A parsed TypeScript file. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: ParseResult["program"];
  readonly module: ParseResult["module"];
  readonly comments: readonly Comment[];
}

/** One module that a file names: `import`, `export … from`, `import()` or `import("…")` in a type. */
export interface ModuleRequest {
  readonly specifier: string;
  readonly start: number;
}

/** A name and the top-level statement that declares it. */
export interface Declared {
  readonly name: string;
  readonly statement: Node;
}

const parsed = new Map<string, Source>();

/** Parses a file; the same text at the same path is parsed once. */
export function parse(path: string, text: string): Source {
  const known = parsed.get(path);
  if (known?.text === text) return known;
  const { program, module, comments, errors } = parseSync(path, text, { preserveParens: false });
  const [first] = errors;
  if (first !== undefined) throw new SyntaxError(`${path}: ${first.message}`);
  const source = { path, text, program, module, comments };
  parsed.set(path, source);
  return source;
}

/** The number of the line, from 1, that holds an offset. */
export function lineOf(source: Source, offset: number): number {
  return source.text.slice(0, offset).split("\n").length;
}

/** Every module a file names, whatever the syntax. */
export function moduleRequestsOf(source: Source): readonly ModuleRequest[] {
  const { staticImports, staticExports, dynamicImports } = source.module;
  const requests = new Map<number, string>();
  for (const { moduleRequest } of staticImports)
    requests.set(moduleRequest.start, moduleRequest.value);
  for (const { moduleRequest } of staticExports.flatMap(({ entries }) => entries))
    if (moduleRequest !== null) requests.set(moduleRequest.start, moduleRequest.value);
  for (const { moduleRequest } of dynamicImports) {
    const literal = /^["'`](.*)["'`]$/s.exec(
      source.text.slice(moduleRequest.start, moduleRequest.end),
    );
    if (literal?.[1] !== undefined) requests.set(moduleRequest.start, literal[1]);
  }
  walk(source.program, (node) => {
    if (node.type === "TSImportType") requests.set(node.source.start, node.source.value);
  });
  return [...requests].map(([start, specifier]) => ({ specifier, start }));
}

/** Visits a node and everything below it, parents first, with the chain of its ancestors. */
export function walk(
  node: Node,
  visit: (node: Node, ancestors: readonly Node[]) => void,
  ancestors: readonly Node[] = [],
): void {
  visit(node, ancestors);
  const inside = [...ancestors, node];
  for (const child of childrenOf(node)) walk(child, visit, inside);
}

/** The doc comment that stands before an offset with nothing but other comments between. */
export function docCommentBefore(source: Source, offset: number): Comment | undefined {
  let start = offset;
  for (const comment of source.comments.filter(({ end }) => end <= offset).toReversed()) {
    if (source.text.slice(comment.end, start).trim() !== "") return undefined;
    if (comment.type === "Block" && comment.value.startsWith("*")) return comment;
    start = comment.start;
  }
  return undefined;
}

/** What a file declares at its top level: each name with the statement that brings it. */
export function declarationsIn(source: Source): readonly Declared[] {
  return source.program.body.flatMap((statement) => {
    const isExport = statement.type === "ExportNamedDeclaration";
    const declaration = isExport ? statement.declaration : statement;
    return declaration === null ? [] : namesOf(declaration).map((name) => ({ name, statement }));
  });
}

function namesOf(declaration: Node): readonly string[] {
  if (declaration.type === "VariableDeclaration")
    return declaration.declarations.flatMap(({ id }) =>
      id.type === "Identifier" ? [id.name] : [],
    );
  if ("id" in declaration && declaration.id?.type === "Identifier") return [declaration.id.name];
  return [];
}

function childrenOf(node: Node): readonly Node[] {
  // Which fields hold children is known per node type only; the parser publishes that as a table.
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  return (visitorKeys[node.type] ?? []).flatMap((key) => fields[key]).filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
