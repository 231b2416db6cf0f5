import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { readCache, writeCache } from "../bootstrap/cache-file.js";
import { fingerprintOf } from "../bootstrap/fingerprint.js";
import { repositoryRoot } from "../src/repository.ts";

// Goal: `npm start` behaves as the server itself would, and says in one sentence why it cannot.
// Method: the real script in a small repository that counts as built, with a server that tells
// what it gets. Windows has no signals to pass on.

const server = `
let signals = 0;
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    console.log(signal);
    signals += 1;
    if (signals === 1) setTimeout(() => process.exit(3), 400);
  });
console.log(JSON.stringify(process.argv.slice(2)));
setInterval(() => {}, 1000);
`;

test("a built repository starts at once, with the arguments given", async () => {
  const start = startIn(builtRepository("console.log(process.argv.slice(2).join(' '));"), [
    "--port",
    "0",
  ]);

  await expect(start.lines()).resolves.toEqual(["serve --port 0"]);
  await expect(start.ended).resolves.toEqual([0, null]);
});

test("the exit code of the server is the exit code of the command", async () => {
  const start = startIn(builtRepository("process.exit(9);"));

  await expect(start.ended).resolves.toEqual([9, null]);
});

describe.skipIf(process.platform === "win32")("signals", () => {
  test("the signal that ended the server ends the command", async () => {
    const start = startIn(builtRepository("process.kill(process.pid, 'SIGKILL');"));

    await expect(start.ended).resolves.toEqual([null, "SIGKILL"]);
  });

  test("signals that come together are one to the server, which stops cleanly", async () => {
    const start = startIn(builtRepository(server));
    await start.firstLine();

    for (const signal of ["SIGINT", "SIGTERM", "SIGINT"] as const) start.child.kill(signal);

    // The system delivers signals that are pending together in an order of its own.
    await expect(start.lines()).resolves.toEqual(['["serve"]', expect.stringMatching(/^SIG/)]);
    await expect(start.ended).resolves.toEqual([3, null]);
  });

  test("Ctrl-C in a terminal reaches the server once", async () => {
    const start = startIn(builtRepository(server));
    await start.firstLine();

    process.kill(-(start.child.pid ?? 0), "SIGINT");

    await expect(start.lines()).resolves.toEqual(['["serve"]', "SIGINT"]);
  });

  test("the death of npm's shell stops the server cleanly", async () => {
    const root = builtRepository(server);
    const shell = spawn("sh", ["-c", `${startCommand(root)}; true`], {
      env: { ...plainEnvironment(), npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { first, closed, lines } = reading(shell.stdout);
    await first;

    shell.kill("SIGTERM");

    await closed;
    expect(lines).toEqual(['["serve"]', "SIGTERM"]);
  });

  test("a server does not outlive a command that was killed", async () => {
    const start = startIn(builtRepository(server));
    await start.firstLine();

    start.child.kill("SIGKILL");

    await expect(start.lines()).resolves.toEqual(['["serve"]', "SIGTERM"]);
  });
});

test("without a network it says so in one sentence", { timeout: 60_000 }, async () => {
  const root = emptyRepository();
  const env = {
    npm_config_registry: "http://127.0.0.1:9/",
    npm_config_fetch_retries: "0",
    npm_config_cache: join(root, "npm-cache"),
  };

  const { code, stdout, stderr } = await bootstrap(root, "test", env);

  expect(stderr.trim().split("\n").at(-1)).toMatch(
    /^atlas: Atlas could not reach the npm registry .* run the command again\.$/,
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: "0 passed, 1 failed\n" });
});

test("without npm it says so in one sentence", async () => {
  const { code, stderr } = await bootstrap(emptyRepository(), "start", { PATH: "" });

  expect(code).toBe(1);
  expect(stderr.split("\n")[1]).toMatch(/^atlas: Atlas needs npm, .*\.$/);
});

test("a program that does not exist is refused with the ones that do", async () => {
  const { code, stderr } = await bootstrap(emptyRepository(), "stop", {});

  expect(code).toBe(1);
  expect(stderr).toBe("atlas: Say which program to run: start, test, check.\n");
});

test("a fingerprint changes with sources and outputs, and with nothing else", () => {
  const root = builtRepository("");
  const before = fingerprintOf(pathToFileURL(`${root}/`));
  const after = (path: string, text: string) => {
    write(root, path, text);
    return fingerprintOf(pathToFileURL(`${root}/`));
  };

  expect(after("packages/a/README.md", "new")).toEqual(before);
  expect(after("packages/a/test/a.test.ts", "new")).toEqual(before);
  const edited = after("packages/a/src/deep/a.ts", "new");
  expect(edited).toEqual({
    sources: expect.not.stringMatching(before.sources),
    outputs: before.outputs,
  });
  expect(after("packages/a/src/deep/a.ts", "new").sources).toBe(edited.sources);
  expect(after("packages/a/package.json", "{}").sources).not.toBe(edited.sources);
  expect(after("packages/a/dist/a.js", "new").outputs).not.toBe(before.outputs);
});

test("what is remembered is read back, and half of it is nothing", () => {
  const folder = emptyRepository();
  const root = pathToFileURL(`${folder}/`);
  expect(readCache(root, "build.json")).toBeUndefined();

  writeCache(root, "build.json", { sources: "a" });
  expect(readCache(root, "build.json")).toEqual({ sources: "a" });

  write(folder, ".cache/build.json", '{ "sourc');
  expect(readCache(root, "build.json")).toBeUndefined();
});

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  firstLine(): Promise<void>;
  /** Everything it printed, once it and what it started are gone. */
  lines(): Promise<readonly string[]>;
}

function startIn(root: string, args: readonly string[] = []): Started {
  const main = join(root, "packages/tidy/bootstrap/main.js");
  const child = spawn(process.execPath, [main, "start", ...args], {
    detached: true,
    env: plainEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { first, closed, lines } = reading(child.stdout);
  return {
    child,
    ended: once(child, "exit"),
    firstLine: async () => void (await first),
    lines: async () => {
      await closed;
      return lines;
    },
  };
}

function startCommand(root: string): string {
  return `"${process.execPath}" "${join(root, "packages/tidy/bootstrap/main.js")}" start`;
}

/** The lines of a stream as they come, the arrival of the first, and the end of the stream. */
function reading(input: Readable): {
  readonly lines: string[];
  readonly first: Promise<unknown>;
  readonly closed: Promise<unknown>;
} {
  const lines: string[] = [];
  const reader = createInterface({ input });
  reader.on("line", (line) => void lines.push(line));
  return { lines, first: once(reader, "line"), closed: once(reader, "close") };
}

function bootstrap(
  root: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const main = join(root, "packages/tidy/bootstrap/main.js");
  const options = { env: { ...plainEnvironment(), ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, name], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

/** The environment of a person's shell: what pnpm sets for the programs it runs is left out. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key)));
}

/** A folder that holds nothing but the bootstrap script. */
function emptyRepository(): string {
  const root = mkdtempSync(join(tmpdir(), "atlas-bootstrap-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const scripts = "packages/tidy/bootstrap";
  cpSync(join(repositoryRoot, scripts), join(root, scripts), { recursive: true });
  write(root, "package.json", '{ "type": "module" }');
  return root;
}

/** A repository whose server is built and whose toolchain is this Node. */
function builtRepository(serverCode: string): string {
  const root = emptyRepository();
  write(root, "apps/server/dist/main.js", serverCode);
  write(root, "packages/a/src/deep/a.ts", "");
  const url = pathToFileURL(`${root}/`);
  const bin = [dirname(process.execPath)];
  const versions = "node@24 pnpm@12";
  writeCache(url, "toolchain.json", { versions, node: process.execPath, bin });
  writeCache(url, "build.json", fingerprintOf(url));
  return root;
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
