// What the bootstrap remembers between two runs, as JSON files in `.cache/`, which git ignores.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

/**
 * What was remembered; nothing when there is no such file, or only half of one: it is made again.
 * @param {URL} root
 * @param {string} name
 * @returns {any}
 */
export function readCache(root, name) {
  try {
    return JSON.parse(readFileSync(new URL(`.cache/${name}`, root), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * @param {URL} root
 * @param {string} name
 * @param {object} value
 */
export function writeCache(root, name, value) {
  mkdirSync(new URL(".cache/", root), { recursive: true });
  writeFileSync(new URL(`.cache/${name}`, root), JSON.stringify(value));
}
