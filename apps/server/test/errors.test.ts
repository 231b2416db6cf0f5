import { AtlasError } from "@atlas/errors";
import { describe, expect, test } from "vitest";
import { answerTo, exitCodes, reportOf, sentenceOf } from "../src/error-answers.ts";
import { serverErrorCodes } from "../src/errors.ts";
import { explainFailure } from "../src/explain-failure.ts";

describe("E6: errors as they leave the server", () => {
  test("the codes of the server are these", () => {
    expect(Object.keys(serverErrorCodes)).toEqual([
      "configuration.unknown_setting",
      "configuration.invalid_setting",
      "configuration.file_invalid",
      "configuration.token_invalid",
      "operation.usage",
      "operation.unauthorized",
      "operation.no_such_route",
      "operation.method_refused",
      "operation.address_taken",
      "operation.stopping",
    ]);
  });

  test("the exit codes are these", () => {
    expect(exitCodes).toEqual({
      ok: 0,
      failed: 1,
      usage: 2,
      notFound: 3,
      conflict: 4,
      storeUnavailable: 5,
    });
  });

  test.each([
    ["validation.failed", 2, 400],
    ["configuration.unknown_setting", 2, 400],
    ["task.not_found", 3, 404],
    ["task.version_conflict", 4, 409],
    ["task.something_new", 4, 409],
    ["storage.schema_newer", 5, 503],
    ["storage.file_not_found", 3, 404],
    ["transaction.timeout", 5, 503],
    ["operation.unauthorized", 1, 401],
    ["operation.defect", 1, 500],
  ] as const)("%s ends a command with %i and a request with %i", (code, exitCode, httpStatus) => {
    expect(answerTo(code)).toEqual({ exitCode, httpStatus });
  });

  test("an error of Atlas is told as it is", () => {
    const error = new AtlasError("task.leased", "Somebody has it.", {
      hint: "Wait.",
      retryable: true,
      details: { task: "a" },
    });

    const report = reportOf(error);

    expect(report).toEqual({
      code: "task.leased",
      message: "Somebody has it.",
      hint: "Wait.",
      retryable: true,
      details: { task: "a" },
    });
    expect(sentenceOf(report)).toBe("task.leased: Somebody has it. Wait.");
  });

  test("the text of a foreign error stays inside", () => {
    const report = reportOf(new TypeError("secret row contents"));

    expect(report.code).toBe("operation.defect");
    expect(JSON.stringify(report)).not.toContain("secret");
  });

  test("a failure of the system gets a sentence, and keeps the code of its cause", () => {
    const cause = Object.assign(new Error("EACCES: permission denied"), {
      code: "EACCES",
      syscall: "mkdir",
      errno: -13,
    });

    const explained = explainFailure(cause, "The directory cannot be created.");

    expect(explained).toMatchObject({
      code: "storage.permission_denied",
      message: "The directory cannot be created.",
      cause,
    });
    expect(explainFailure(explained, "Another sentence.")).toBe(explained);
  });
});
