import type { Command } from "commander";
import { exitCodes } from "../error-answers.ts";
import type { CommandContext } from "./command-context.ts";
import { fieldLines } from "./result-lines.ts";
import { withApplication } from "./with-application.ts";

/** Adds `atlas status` and `atlas verify`. */
export function addStoreCommands(program: Command, context: CommandContext): void {
  const { output, setExitCode } = context;
  const status = program.command("status").description("Tell how the store is");
  status.action(() =>
    withApplication(status, context, async (application) => {
      const facts = await application.describeSystem();
      output.print(facts, () => fieldLines(facts).join("\n"));
    }),
  );
  const verify = program
    .command("verify")
    .description("Check the whole store against its own rules; exits 1 when something is found");
  verify.action(() =>
    withApplication(verify, context, async (application) => {
      const findings = await application.verify();
      const ok = findings.length === 0;
      output.print({ ok, findings }, () =>
        ok
          ? "The store is sound."
          : findings.map(({ kind, message }) => `${kind}: ${message}`).join("\n"),
      );
      if (!ok) setExitCode(exitCodes.failed);
    }),
  );
}
