import { randomBytes } from "node:crypto";

/** Crockford's base 32: no letters that look like digits. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * Makes an id of 50 random bits. Among a million tasks a repetition has odds of
 * 1 to 2,000, and the primary key would refuse it.
 *
 * @internal
 */
export function randomTaskId(): string {
  return `t-${[...randomBytes(10)].map((byte) => alphabet[byte & 31]).join("")}`;
}
