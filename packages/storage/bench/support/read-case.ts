import { parseArgs } from "node:util";
import type { Database } from "@atlas/storage";
import { openTemporaryDatabase } from "@atlas/storage/testing";
import { compare, type Operation, type Pace } from "./interleaved.ts";
import { peersOf } from "./peers/all-peers.ts";
import type { PeerSession } from "./peers/peer.ts";
import { printLine } from "./print-line.ts";
import { fill } from "./sample.ts";

/** One read that both sides do. */
export interface ReadCase {
  readonly name: string;
  readonly pace: Pace;
  readonly atlas: (database: Database) => Operation;
  readonly peer: (session: PeerSession) => Operation;
}

/** Compares one read with every peer, on one file, after a look at what each returns. */
export async function runReadCase({ name, pace, atlas, peer }: ReadCase): Promise<void> {
  const { values: given } = parseArgs({ options: { case: { type: "string" } } });
  const peers = peersOf(name, given.case);
  if (peers.length === 0) return;
  await using temporary = await openTemporaryDatabase();
  const { database, path } = temporary;
  await fill(database);
  const operation = atlas(database);
  const expected = JSON.stringify(await operation(1));
  for (const [whole, { name: peerName, open }] of peers) {
    const session = open(path, "full");
    const other = peer(session);
    if (JSON.stringify(await other(1)) !== expected)
      throw new Error(`${peerName} reads otherwise.`);
    const result = await compare(operation, other, pace);
    await session.close();
    printLine({ case: whole, peerName, unit: "ops/s" }, result);
  }
}
