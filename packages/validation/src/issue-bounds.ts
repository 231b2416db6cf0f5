/** UTF-16 units of a message; a schema library may repeat whole inputs in its own. */
const messageLengthMax = 500;
/** UTF-16 units of one part of a path: keys of an input can be as long as it likes. */
const segmentLengthMax = 200;
/** Parts of a path; what lies deeper is reported at the last of them. */
const segmentsMax = 64;

/** The text, or its beginning and an ellipsis. */
export function boundedText(text: string, lengthMax: number = messageLengthMax): string {
  return text.length <= lengthMax
    ? text
    : // The cut may have split a pair of surrogates.
      `${text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** The path, or its beginning. */
export function boundedPath(path: readonly (string | number)[]): readonly (string | number)[] {
  return path
    .slice(0, segmentsMax)
    .map((part) => (typeof part === "string" ? boundedText(part, segmentLengthMax) : part));
}
