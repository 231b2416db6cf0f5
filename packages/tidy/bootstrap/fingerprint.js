// Says whether anything changed since the last installation and build, without starting any tool:
// the content of every source, and the state of every built file.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import process from "node:process";

/** @typedef {{ sources: string, outputs: string }} Fingerprint */

const rootFiles = [
  "package.json",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "tsconfig.base.json",
  "turbo.json",
];
const packageFiles = ["package.json", "tsconfig.json", "tsconfig.build.json"];

/**
 * @param {URL} root
 * @returns {Fingerprint}
 */
export function fingerprintOf(root) {
  const sources = createHash("sha256").update(process.platform + process.arch);
  const outputs = createHash("sha256");
  const read = (/** @type {string} */ path) => sources.update(path).update(contentOf(root, path));
  const stat = (/** @type {string} */ path) => outputs.update(path + stateOf(root, path));

  for (const file of rootFiles) read(file);
  stat("node_modules/.modules.yaml");
  for (const { path: folder } of [...entriesOf(root, "packages"), ...entriesOf(root, "apps")]) {
    for (const file of packageFiles) read(`${folder}/${file}`);
    for (const file of filesUnder(root, `${folder}/src`)) read(file);
    for (const file of filesUnder(root, `${folder}/dist`)) stat(file);
  }
  return { sources: sources.digest("hex"), outputs: outputs.digest("hex") };
}

/**
 * Paths of what a folder holds, in a stable order; of a missing one, nothing.
 * @param {URL} root
 * @param {string} folder
 */
function entriesOf(root, folder) {
  return ifThere(() => readdirSync(new URL(`${folder}/`, root), { withFileTypes: true }), [])
    .map((entry) => ({ path: `${folder}/${entry.name}`, isFolder: entry.isDirectory() }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** @type {(root: URL, folder: string) => string[]} */
function filesUnder(root, folder) {
  return entriesOf(root, folder).flatMap(({ path, isFolder }) =>
    isFolder ? filesUnder(root, path) : [path],
  );
}

/** @type {(root: URL, path: string) => Buffer} */
function contentOf(root, path) {
  return ifThere(() => readFileSync(new URL(path, root)), Buffer.alloc(0));
}

/** @type {(root: URL, path: string) => string} */
function stateOf(root, path) {
  return ifThere(() => {
    const { size, mtimeMs } = statSync(new URL(path, root));
    return `:${size}:${mtimeMs}\n`;
  }, ":missing\n");
}

/**
 * What `look` sees, or `otherwise` where there is no such file or folder.
 * @template T
 * @param {() => T} look
 * @param {T} otherwise
 * @returns {T}
 */
function ifThere(look, otherwise) {
  try {
    return look();
  } catch (failure) {
    const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return otherwise;
    throw failure;
  }
}
