/** A Markdown file in parts. */
export interface Markdown {
  readonly frontMatter: string;
  /** The texts under the headings of the second level, by heading. */
  readonly sections: Readonly<Record<string, string>>;
}

/** Comments that mark where sections begin and end; they say nothing to a reader. */
const marker = /^<!--\s*(?:SECTION:[A-Z_]+|AC|DOD|COMMENTS):(?:BEGIN|END)\s*-->\s*$/;

/** Sections that Backlog.md itself writes; other headings are part of the text they stand in. */
const ownHeadings: readonly string[] = [
  "Description",
  "Acceptance Criteria",
  "Definition of Done",
  "Implementation Plan",
  "Implementation Notes",
  "Final Summary",
  "Comments",
];

/** Splits a task file of Backlog.md; `undefined` when it does not begin with front matter. */
export function parseBacklogFile(text: string): Markdown | undefined {
  const [, frontMatter, body] =
    /^\uFEFF?---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n(.*))?$/s.exec(text) ?? [];
  if (frontMatter === undefined) return undefined;
  return { frontMatter, sections: sectionsOf(body ?? "") };
}

function sectionsOf(body: string): Record<string, string> {
  const texts = new Map<string, string[]>();
  let heading = "Description";
  for (const line of body.split(/\r?\n/)) {
    const found = /^## +(.+?) *$/.exec(line)?.[1];
    if (found !== undefined && ownHeadings.includes(found)) {
      heading = found;
      continue;
    }
    if (marker.test(line)) continue;
    texts.set(heading, [...(texts.get(heading) ?? []), line]);
  }
  const trimmed = [...texts].map(([name, lines]) => [name, lines.join("\n").trim()] as const);
  return Object.fromEntries(trimmed.filter(([, text]) => text !== ""));
}
