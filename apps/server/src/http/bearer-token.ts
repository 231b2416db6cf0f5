import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { serverError } from "../errors.ts";
import { explainFailure } from "../explain-failure.ts";
import type { Guard } from "./guard.ts";
import { sendError } from "./send-json.ts";

/** Bytes of randomness in a token. */
const tokenBytes = 32;

/** What a token may look like: at least 32 characters that fit into a header. */
const tokenForm = /^[\w.~+/=-]{32,512}$/;

/** A token and whether others than its owner can read its file. */
export interface BearerToken {
  readonly token: string;
  readonly exposed: boolean;
}

/**
 * Reads the token from its file; makes both when there is none, readable for
 * this user only. Several servers may start at once: one of them makes the
 * token, and all use it.
 *
 * @throws {AtlasError} configuration.token_invalid when the file holds no
 * token; storage.* when it cannot be read or made.
 */
export function readOrCreateToken(path: string): BearerToken {
  let token: string;
  try {
    token = readToken(path) ?? createToken(path);
  } catch (cause) {
    throw explainFailure(cause, `The token file ${path} cannot be read or made.`);
  }
  if (!tokenForm.test(token))
    throw serverError(
      "configuration.token_invalid",
      `The token file ${path} does not hold a token of at least 32 letters and digits.`,
      { details: { file: path } },
    );
  const exposed = process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
  return { token, exposed };
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}

/** A hard link is atomic and refuses an existing name: nobody reads half a token. */
function createToken(path: string): string {
  const token = randomBytes(tokenBytes).toString("base64url");
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${token}\n`, { mode: 0o600, flag: "wx" });
  try {
    chmodSync(draft, 0o600);
    linkSync(draft, path);
    return token;
  } catch (cause) {
    const taken = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const other = taken ? readToken(path) : undefined;
    if (other === undefined) throw cause;
    return other;
  } finally {
    unlinkSync(draft);
  }
}

/** Lets requests with the token pass; the comparison takes the same time for every wrong one. */
export function bearerGuard(token: string, tokenFile: string): Guard {
  const expected = digestOf(token);
  return (request, response) => {
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    if (given !== undefined && timingSafeEqual(digestOf(given), expected)) return true;
    response.setHeader("www-authenticate", 'Bearer realm="atlas"');
    const problem = given === undefined ? "carries no token" : "carries a token of another server";
    sendError(
      response,
      serverError(
        "operation.unauthorized",
        `The request ${problem}. The token lies in ${tokenFile} on the machine of the server.`,
      ),
    );
    return false;
  };
}

/** Digests have one length, as the constant-time comparison needs. */
function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
