import type { Finding, Rule } from "../rule.ts";
import { declarationsIn, docCommentBefore, lineOf, parse, type Source } from "../source.ts";
import { sourcesOf } from "../workspace.ts";

/** Every exported name says what it promises. */
export const documented: Rule = {
  name: "documented",
  promise: "Every exported name has a doc comment.",
  check: ({ packages }) =>
    packages.flatMap((owner) =>
      sourcesOf(owner).flatMap(([path, text]) =>
        undocumented(parse(`${owner.folder}/${path}`, text)),
      ),
    ),
};

function undocumented(source: Source): Finding[] {
  const declarations = declarationsIn(source);
  return exportedNames(source).flatMap((name) => {
    // An overloaded function is documented once, above its first signature.
    const statements = declarations.filter((found) => found.name === name);
    const [first] = statements;
    if (first === undefined || statements.some(({ statement }) => saysSomething(statement.start)))
      return [];
    const at = `${source.path}:${lineOf(source, first.statement.start)}`;
    return [{ at, message: `${name} is exported without a doc comment.` }];
  });

  function saysSomething(offset: number): boolean {
    return /\w/.test(docCommentBefore(source, offset)?.value ?? "");
  }
}

/** The names a file offers of what it declares itself. */
function exportedNames(source: Source): readonly string[] {
  const names = source.module.staticExports
    .flatMap(({ entries }) => entries)
    .flatMap(({ localName, moduleRequest }) =>
      moduleRequest === null && localName.name !== null ? [localName.name] : [],
    );
  return [...new Set(names)];
}
