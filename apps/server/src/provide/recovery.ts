import { recover } from "@atlas/transaction/recovery";
import type { Scope } from "../container/scope.ts";
import { EngineToken, ObserverToken } from "../container/tokens.ts";

/** Brings into order what an ended process has left, and tells the log of it. */
export async function recoverStore(root: Scope): Promise<void> {
  const { jobs } = root.use(EngineToken);
  await recover([jobs.recoverable], { onEvent: root.use(ObserverToken) });
}
