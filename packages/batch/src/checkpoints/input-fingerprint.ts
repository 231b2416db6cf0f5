/**
 * A rolling hash over the keys of an input, in their order (FNV-1a in two lanes
 * of 32 bits). It guards against giving the wrong file, not against an attacker.
 */
export class InputFingerprint {
  #first = 0x811c9dc5;
  #second = 0x01000193;

  add(key: string): void {
    for (let at = 0; at < key.length; at += 1) this.#mix(key.charCodeAt(at));
    // Beyond any code unit, so that "ab", "c" differs from "a", "bc".
    this.#mix(0x10000);
  }

  toString(): string {
    return [this.#first, this.#second]
      .map((lane) => (lane >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }

  #mix(unit: number): void {
    this.#first = Math.imul(this.#first ^ unit, 0x01000193);
    this.#second = Math.imul(this.#second ^ unit, 0x85ebca6b) + 0x9e3779b9;
  }
}
