// What users of a package can see, written down from its built declarations: every exported name
// with its doc comment, sorted, and below them the declarations that those types lean on without
// being exported. Reordering an entry or moving a declaration to another file changes nothing here.
import { posix } from "node:path";
import type { Node } from "oxc-parser";
import { declarationsIn, docCommentBefore, parse, type Source, walk } from "./source.ts";
import { entriesOf, type Files, type WorkspacePackage } from "./workspace.ts";

/** One entry of a package and the file that records what it offers. */
export interface ApiEntry {
  /** `@atlas/storage/sqlite`. */
  readonly specifier: string;
  /** The built declarations, from the repository root. */
  readonly declarations: string;
  /** The record, from the repository root. */
  readonly record: string;
}

/** A declaration, by the file it stands in and its name there. */
interface Place {
  readonly file: string;
  readonly name: string;
}

/** The entries of a package whose API is recorded. */
export function apiEntriesOf({ folder, manifest }: WorkspacePackage): readonly ApiEntry[] {
  return entriesOf(manifest).flatMap(([subpath, { types }]) => {
    if (types === undefined) return [];
    const name = subpath === "." ? "index" : subpath.slice(2).replaceAll("/", "-");
    return [
      {
        specifier: manifest.name + subpath.slice(1),
        declarations: posix.join(folder, types),
        record: `${folder}/api/${name}.d.ts.txt`,
      },
    ];
  });
}

/** The record of one entry, or nothing when it is not built. */
export function apiReport(files: Files, entry: ApiEntry): string | undefined {
  const text = files.get(entry.declarations);
  if (text === undefined) return undefined;
  const { lines, places } = offered(parse(entry.declarations, text), files);
  const leaned = reachableFrom(places, files);
  const sections = [
    `// ${entry.specifier}`,
    ...lines.toSorted(),
    ...textsOf(places, files),
    ...(leaned.length === 0
      ? []
      : ["// Not exported, but part of the types above.", ...textsOf(leaned, files)]),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** What an entry offers: foreign and renamed exports as lines, the others as places. */
function offered(source: Source, files: Files): { lines: string[]; places: Place[] } {
  const lines: string[] = [];
  const places: Place[] = [];
  for (const { entries } of source.module.staticExports)
    for (const { exportName, importName, localName, moduleRequest, isType } of entries) {
      const name = exportName.name;
      if (name === null) continue;
      const original = importName.name ?? localName.name ?? name;
      const keyword = isType ? "export type" : "export";
      const renamed = original === name ? name : `${original} as ${name}`;
      const isForeign = moduleRequest !== null && !moduleRequest.value.startsWith(".");
      if (isForeign) lines.push(`${keyword} { ${renamed} } from "${moduleRequest.value}";`);
      else {
        if (original !== name) lines.push(`${keyword} { ${renamed} };`);
        const place = resolve(source.path, moduleRequest?.value, original);
        places.push(...definitionOf(place, files));
      }
    }
  return { lines, places };
}

/** Everything in the same package that the types of some declarations name. */
function reachableFrom(start: readonly Place[], files: Files): readonly Place[] {
  const seen = new Map(start.map((place) => [keyOf(place), place]));
  // A Map is visited in the order of insertion, and what is added meanwhile is visited as well.
  for (const place of seen.values())
    for (const next of namedBy(place, files))
      if (!seen.has(keyOf(next))) seen.set(keyOf(next), next);
  return [...seen.values()].slice(start.length);
}

function namedBy({ file, name }: Place, files: Files): readonly Place[] {
  const source = parse(file, files.get(file) ?? "");
  const places: Place[] = [];
  for (const { statement } of declarationsIn(source).filter((found) => found.name === name))
    walk(statement, (node, ancestors) => {
      if (node.type === "TSImportType" && node.qualifier?.type === "Identifier")
        places.push(resolve(file, node.source.value, node.qualifier.name));
      if (node.type === "Identifier" && isReference(node, ancestors.at(-1)))
        places.push(origin(source, node.name));
    });
  return places.flatMap((place) => definitionOf(place, files));
}

/** Whether an identifier names a type or value, rather than a member or parameter. */
function isReference(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case "TSTypeReference":
    case "TSTypeQuery":
    case "TSInterfaceHeritage":
    case "TSClassImplements":
      return true;
    case "TSQualifiedName":
      return parent.left === node;
    case "ClassDeclaration":
      return parent.superClass === node;
    default:
      return false;
  }
}

/** Where a name used in a file comes from: an import, or the file itself. */
function origin(source: Source, name: string): Place {
  for (const { moduleRequest, entries } of source.module.staticImports)
    for (const { importName, localName } of entries)
      if (localName.value === name)
        return resolve(source.path, moduleRequest.value, importName.name ?? name);
  return { file: source.path, name };
}

/** Follows re-exports to where a name is declared; nothing for names of other packages. */
function definitionOf(place: Place, files: Files): readonly Place[] {
  const text = files.get(place.file);
  if (text === undefined) return [];
  const source = parse(place.file, text);
  if (declarationsIn(source).some(({ name }) => name === place.name)) return [place];
  const next = source.module.staticExports
    .flatMap(({ entries }) => entries)
    .find(({ exportName }) => exportName.name === place.name);
  if (next === undefined) return [];
  const original = next.importName.name ?? next.localName.name ?? place.name;
  return definitionOf(resolve(place.file, next.moduleRequest?.value, original), files);
}

function resolve(file: string, specifier: string | undefined, name: string): Place {
  if (specifier === undefined) return { file, name };
  if (!specifier.startsWith(".")) return { file: specifier, name };
  const target = posix.join(posix.dirname(file), specifier).replace(/\.[jt]s$/, ".d.ts");
  return { file: target, name };
}

/** The declarations with their doc comments, sorted by name, each once. */
function textsOf(places: readonly Place[], files: Files): readonly string[] {
  const texts = places
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .flatMap(({ file, name }) => {
      const source = parse(file, files.get(file) ?? "");
      return declarationsIn(source)
        .filter((found) => found.name === name)
        .map(({ statement }) => textOf(source, statement));
    });
  return [...new Set(texts)];
}

function textOf(source: Source, statement: Node): string {
  const start = docCommentBefore(source, statement.start)?.start ?? statement.start;
  return source.text.slice(start, statement.end);
}

const keyOf = ({ file, name }: Place): string => `${name} ${file}`;
