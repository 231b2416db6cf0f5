import type { Command } from "commander";
import type { ServerAddress } from "../http/serve-http.ts";
import { type CommandContext, configFlags } from "./command-context.ts";

/** Adds `atlas mcp` and `atlas serve`; what they need is loaded when they run. */
export function addServerCommands(program: Command, context: CommandContext): void {
  const { openRuntime, output } = context;
  const mcp = program
    .command("mcp")
    .description("Serve MCP to one client on standard input and output");
  mcp.action(async () => {
    const runtime = openRuntime("mcp", configFlags(mcp));
    const { serveMcpOverStdio } = await import("../mcp/serve-stdio.ts");
    await serveMcpOverStdio(runtime);
  });
  const serve = program
    .command("serve")
    .description("Serve MCP over HTTP (--host, --port) until a signal stops it");
  serve.action(async () => {
    const runtime = openRuntime("serve", configFlags(serve));
    const { serveMcpOverHttp } = await import("../http/serve-http.ts");
    await serveMcpOverHttp(runtime, (address) =>
      output.print(address, () => addressLines(address)),
    );
  });
}

function addressLines({ url, tokenFile }: ServerAddress): string {
  const header = `Authorization: Bearer $(cat '${tokenFile.replaceAll("'", String.raw`'\''`)}')`;
  return [
    `MCP      ${url}`,
    `Token    ${tokenFile}`,
    `Connect  claude mcp add --transport http atlas ${url} --header "${header}"`,
  ].join("\n");
}
