/** A session of this device: the client loop's ports over the browser, with everything watched that a report needs. */
import type { HolderPrivacy, Ledgers } from "@fedtune/client";
import type { MessageOf, RunSpec } from "@fedtune/core";
import type { BrowserTrainer } from "../../training/types.ts";
import { HOLDER } from "../privacy/standing.ts";
import { termsOfRun } from "../privacy/terms.ts";
import { countedFetch } from "../session/counted-fetch.ts";
import { observedTrainer } from "../session/observed-trainer.ts";
import { noSightings } from "../session/observer.ts";
import type { Observer } from "../session/observer.ts";
import type { PartOptions } from "../session/take-part.ts";
import { openHolderStores } from "../storage/holder-stores.ts";
import { writeAdapter } from "../storage/own-adapter.ts";
import type { KeptAdapter } from "../storage/own-adapter.ts";
import { membershipOf, roadOf, storeOf, tell } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { deviceFacts, softwareName } from "./device-words.ts";
import { countPrivacy } from "./privacy-count.ts";
import { signerOf } from "./signing.ts";
import type { TabWord } from "./tab-line.ts";

/** How often the coordinator hears how far training is. */
const PROGRESS_MS = 5_000;

/** What ends a session, and whether the coordinator is told. */
export interface Stops {
  readonly signal: AbortSignal;
  readonly how: { readonly isQuiet: boolean };
}

/** What a session is opened with. */
export interface SessionParts {
  readonly trainer: BrowserTrainer;
  readonly rows: PartOptions["data"];
  readonly stops: Stops;
}

/** A session that is ready to begin. */
export interface Session extends Omit<SessionParts, "stops"> {
  readonly options: Omit<PartOptions, "wait">;
  /** This device's adapter when the last try ended; null: it never had one. */
  readonly adapter: () => KeptAdapter | null;
}

/** What a session comes to know. */
interface Known {
  spec: RunSpec | null;
  adapter: KeptAdapter | null;
}

/** Opens it; from here on this tab alone may write the client's record. */
export async function openSession(desk: Desk, parts: SessionParts): Promise<Session> {
  const { trainer, rows, stops } = parts;
  const { ports } = desk;
  const { place } = roadOf(desk);
  const { clock, hash, entropy, locks } = ports;
  const stores = await openHolderStores({ database: storeOf(desk), hash, clock, locks }, place);
  const signer = await signerOf(desk);
  const connect = await ports.connector();
  const known: Known = { spec: null, adapter: null };
  const sightings = noSightings();
  const observer = observerOf(desk, known);
  const fetch = countedFetch(observer, sightings, ports.fetch);
  const options: Session["options"] = {
    ...{ observer, sightings, run: place.run, client: signer.client, data: rows },
    software: softwareName(ports.device),
    device: deviceFacts(membershipOf(desk).device),
    progressEveryMs: PROGRESS_MS,
    signal: stops.signal,
    isQuiet: () => stops.how.isQuiet,
    transport: () => connect({ url: place.server, clock, hash, fetch, signer }),
    ports: {
      ...{ state: stores.state, clock, hash, entropy },
      privacy: privacyOf(desk, stores.ledgers),
      trainer: observedTrainer(trainer, {
        ...{ observer, sightings },
        backend: async () => (await trainer.ready()).name,
      }),
      describe: (spec) => trainer.describe(spec),
    },
    welcomed({ spec }) {
      known.spec = spec;
      joined(desk, spec);
    },
    async adapter(own) {
      if (own === null || known.spec === null) return;
      known.adapter = { ...own, spec: known.spec };
      await writeAdapter(storeOf(desk), place, known.adapter);
    },
  };
  return { trainer, rows, options, adapter: () => known.adapter };
}

/** The holder's ledgers; the budget only in runs that charge them: a run that does not would be refused with one. */
function privacyOf(desk: Desk, ledgers: Ledgers): HolderPrivacy {
  const { invitation, file } = membershipOf(desk);
  const { budgetEpsilon } = desk.get().settings;
  return {
    ...{ holder: HOLDER, dataset: file?.facts.sha256 ?? "", ledgers },
    budgetEpsilon: invitation.privacy.mode === "record-level" ? budgetEpsilon : null,
    time: () => new Date(desk.ports.wallTime()).toISOString(),
  };
}

function joined(desk: Desk, spec: MessageOf<"welcome">["spec"]): void {
  const { total, committed } = membershipOf(desk).invitation.rounds;
  tell(desk, { type: "joined", committed, total, at: desk.ports.wallTime() });
  desk.set({ live: { kind: "training" } });
  // Other tabs that show this run show from here on what this one does.
  const { report } = desk.get().memory;
  desk.road?.line?.post({ type: "mirror", report } satisfies TabWord);
  recount(desk, spec);
}

/** What has happened is written down; what it cost is counted once per round. */
function observerOf(desk: Desk, known: Known): Observer {
  return {
    now: () => desk.ports.wallTime(),
    tell(happening) {
      tell(desk, happening);
      if (happening.type === "answered" && known.spec !== null) recount(desk, known.spec);
    },
  };
}

/** A count that fails is one that pages do not show: the guard counts for itself. */
function recount(desk: Desk, spec: RunSpec): void {
  const terms = termsOfRun(membershipOf(desk).invitation, spec);
  if (terms !== null) void countPrivacy(desk, terms).catch(() => undefined);
}
