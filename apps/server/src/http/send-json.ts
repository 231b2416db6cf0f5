import type { ServerResponse } from "node:http";
import { answerTo, reportOf } from "../error-answers.ts";

/** Answers with JSON that no cache keeps. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...(response.req.httpVersionMajor < 2 && status >= 400 && { connection: "close" }),
  });
  response.end(`${JSON.stringify(body)}\n`);
}

/** Answers with an error and the status that belongs to its code. */
export function sendError(response: ServerResponse, error: unknown): void {
  const report = reportOf(error);
  sendJson(response, answerTo(report.code).httpStatus, { error: report });
}
