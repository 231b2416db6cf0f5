import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAtlas } from "./support/run-atlas.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

test("D8: atlas verify reports damaged pages as findings and exits 1", async () => {
  using directory = temporaryDirectory();
  const data = directory.path;
  const tasks = Array.from({ length: 200 }, (_, at) => ({
    name: `Task ${at}`,
    description: "words ".repeat(100),
  }));
  await runAtlas(["task", "create", "--input", "-", "--data", data], {
    input: JSON.stringify({ tasks }),
  });
  const path = join(data, "atlas.db");
  const pages = statSync(path).size / 4_096;

  const file = openSync(path, "r+");
  const garbage = Buffer.alloc(4_096, 0xff);
  // Half of the pages behind the schema: some of them are in use, whatever the layout.
  for (let page = Math.floor(pages / 2); page < pages; page += 1)
    writeSync(file, garbage, 0, garbage.length, page * 4_096);
  closeSync(file);
  const { code, stdout } = await runAtlas(["verify", "--json", "--data", data]);

  const answer = JSON.parse(stdout) as { ok: boolean; findings: { kind: string }[] };
  expect(answer.ok).toBe(false);
  expect(answer.findings.map(({ kind }) => kind)).toContain("storage");
  expect(code).toBe(1);
});
