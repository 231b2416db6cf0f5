import { sqlQuery } from "@atlas/storage";
import { describe, expect, test } from "vitest";

describe("D1: SQL text with placeholders", () => {
  test("placeholders become ? in order, and one name may stand twice", () => {
    const query = sqlQuery<object, { a: string; b: number }>("select :a, :b, :a");

    expect(query.sql).toBe("select ?, ?, ?");
    expect(query.params.map((param) => (param as { placeholder: string }).placeholder)).toEqual([
      "a",
      "b",
      "a",
    ]);
  });

  test.each([
    "select ':a'",
    "select 'it''s :a'",
    'select ":a"',
    "select `:a`",
    "select [:a]",
    "select 1 -- :a ?",
    "select 1 /* :a\n ? ' */ + 1",
    "select 1 /* never closed :a",
    "select '1'::text",
    "select 'a?b'",
  ])("what is quoted or commented out is left alone: %s", (text) => {
    const query = sqlQuery(text);

    expect(query.sql).toBe(text);
    expect(query.params).toEqual([]);
  });

  test.each(["select ?", "select ?1", "select @a", "select $a", "select 1\0 :a"])(
    "forms that Atlas does not use are refused: %s",
    (text) => {
      expect(() => sqlQuery(text)).toThrow(
        expect.objectContaining({ code: "storage.query_invalid" }),
      );
    },
  );

  test("an encoder maps its value and one for no placeholder is refused", () => {
    const query = sqlQuery<object, { on: boolean }>("select :on", {
      encode: { on: (value) => (value ? 1 : 0) },
    });
    const [param] = query.params as unknown as [{ encode: (value: boolean) => number }];

    expect(param.encode(true)).toBe(1);
    expect(() =>
      sqlQuery<object, { a: string }>("select 1", { encode: { a: (value) => value } }),
    ).toThrow(expect.objectContaining({ code: "storage.query_invalid" }));
  });

  test("a query is immutable", () => {
    const query = sqlQuery<object, { a: string }>("select :a", { decode: (row) => row });

    expect(Object.isFrozen(query)).toBe(true);
    expect(Object.isFrozen(query.params)).toBe(true);
  });
});
