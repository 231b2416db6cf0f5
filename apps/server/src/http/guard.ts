import type { IncomingMessage, ServerResponse } from "node:http";

/** Lets a request pass, or answers it and returns false. */
export type Guard = (request: IncomingMessage, response: ServerResponse) => boolean;
