/** JSON and the lines its parts begin at. */
export interface LocatedJson {
  readonly value: unknown;
  /** The line, from 1, of the value at a path; of the nearest one around it when there is none. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/** What is wrong with a text that is not JSON, and in which line. */
export interface JsonProblem {
  readonly problem: string;
  readonly line: number;
}

interface Place {
  readonly start: number;
  readonly parts: Map<string | number, Place>;
}

const token = /[{}[\]:,]|"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/y;
const space = /[ \t\r\n]*/y;

/**
 * Parses JSON and remembers where everything stands. `JSON.parse` gives no
 * positions, and what it says about errors differs from one Node to the next.
 */
export function locateJson(text: string): LocatedJson | JsonProblem {
  const lines = createLineCounter(text);
  const scanner = new Scanner(text);
  let place: Place;
  let value: unknown;
  try {
    place = scanner.scan();
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const line = lines(scanner.position);
    return { problem: `The file is not valid JSON at line ${line}.`, line };
  }
  return {
    value,
    lineOf(path) {
      let at = place;
      for (const step of path) at = at.parts.get(step) ?? at;
      return lines(at.start);
    },
  };
}

/** Walks over JSON once; the check of numbers and escapes is left to `JSON.parse`. */
class Scanner {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): Place {
    const place = this.#value(this.#next());
    if (this.#next() !== "") throw new SyntaxError("Something follows the value.");
    return place;
  }

  /** The next token, or nothing at the end; `position` then stands at it. */
  #next(): string {
    space.lastIndex = this.#end;
    space.exec(this.#text);
    this.position = space.lastIndex;
    if (this.position >= this.#text.length) return "";
    token.lastIndex = this.position;
    const found = token.exec(this.#text)?.[0];
    if (found === undefined) throw new SyntaxError("There is no value here.");
    this.#end = token.lastIndex;
    return found;
  }

  #end = 0;

  #value(first: string): Place {
    const place: Place = { start: this.position, parts: new Map() };
    if (first === "{") this.#members(place);
    else if (first === "[") this.#elements(place);
    else if (first === "" || /^[}\]:,]/.test(first)) throw new SyntaxError("A value is missing.");
    return place;
  }

  #members(place: Place): void {
    let key = this.#next();
    if (key === "}") return;
    for (;;) {
      if (!key.startsWith('"') || this.#next() !== ":") throw new SyntaxError("A name is missing.");
      place.parts.set(JSON.parse(key) as string, this.#value(this.#next()));
      if (this.#ends("}")) return;
      key = this.#next();
    }
  }

  #elements(place: Place): void {
    let first = this.#next();
    if (first === "]") return;
    for (let at = 0; ; at += 1) {
      place.parts.set(at, this.#value(first));
      if (this.#ends("]")) return;
      first = this.#next();
    }
  }

  #ends(closing: string): boolean {
    const next = this.#next();
    if (next !== closing && next !== ",") throw new SyntaxError("A comma is missing.");
    return next === closing;
  }
}

/** Finds the line of a position by halving. */
function createLineCounter(text: string): (position: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (position) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
