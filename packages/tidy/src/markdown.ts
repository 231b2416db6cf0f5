/** One fenced block of a Markdown page. */
export interface Fence {
  /** What stands behind the opening backticks: `ts`, `sh`, or nothing. */
  readonly language: string;
  readonly code: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
}

const fence = /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm;

/** The fenced blocks of a Markdown page, in their order. */
export function fencesOf(markdown: string): readonly Fence[] {
  return [...markdown.matchAll(fence)].map((match) => ({
    language: match[1] ?? "",
    code: match[2] ?? "",
    line: markdown.slice(0, match.index).split("\n").length + 1,
  }));
}

/** The `## ` headings of a Markdown page, in their order. */
export function headingsOf(markdown: string): readonly string[] {
  return [...withoutFences(markdown).matchAll(/^## (.+)$/gm)].map(([, heading = ""]) => heading);
}

/** The text of one `## ` section of a Markdown page, without its heading; "" where there is none. */
export function sectionOf(markdown: string, heading: string): string {
  const blank = withoutFences(markdown);
  const start = blank.indexOf(`\n## ${heading}\n`);
  if (start === -1) return "";
  const end = blank.indexOf("\n## ", start + 1);
  return markdown.slice(start + heading.length + 5, end === -1 ? undefined : end);
}

/** The same text with every fence blanked out, so that a `##` inside is no heading. */
function withoutFences(markdown: string): string {
  return markdown.replace(fence, (text) => text.replace(/[^\n]/g, " "));
}
