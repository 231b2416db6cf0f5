import { expect, test } from "vitest";
import { fencesOf, headingsOf, sectionOf } from "../src/markdown.ts";

const page = [
  "# Title",
  "",
  "## First",
  "",
  "```sh title",
  "## no heading",
  "```",
  "",
  "## Second",
  "text",
  "### Deeper",
].join("\n");

test("headings inside a fence are text", () => {
  expect(headingsOf(page)).toEqual(["First", "Second"]);
});

test("a section goes to the next heading of its kind", () => {
  expect(sectionOf(page, "First")).toBe("\n```sh title\n## no heading\n```\n");
  expect(sectionOf(page, "Second")).toBe("text\n### Deeper");
  expect(sectionOf(page, "Third")).toBe("");
});

test("a fence knows its language and the line of its code", () => {
  expect(fencesOf(page)).toEqual([{ language: "sh", code: "## no heading\n", line: 6 }]);
});
