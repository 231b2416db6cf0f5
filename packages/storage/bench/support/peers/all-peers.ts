import { betterSqlite3 } from "./better-sqlite3.ts";
import { drizzlePrepared, drizzleUnprepared } from "./drizzle.ts";
import { knex } from "./knex.ts";
import { kysely } from "./kysely.ts";
import type { Peer } from "./peer.ts";

/** Every peer by what its name adds to the name of a case. */
const allPeers: Readonly<Record<string, Peer>> = {
  "": betterSqlite3,
  "-kysely": kysely,
  "-drizzle": drizzleUnprepared,
  "-drizzle-prepared": drizzlePrepared,
  "-knex": knex,
};

/** The peers of a case that the command line asks for, by the name of the whole case. */
export function peersOf(name: string, wanted: string | undefined): readonly [string, Peer][] {
  return Object.entries(allPeers)
    .map(([suffix, peer]): [string, Peer] => [`${name}${suffix}`, peer])
    .filter(([whole]) => wanted === undefined || wanted === whole);
}
