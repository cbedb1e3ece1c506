/** Step 1: opening an invitation, or a run that this browser knows; a reload lands on the step that was reached. */
import { asFedtuneError, clientId, FedtuneError, protocolVersion } from "@fedtune/core";
import { coordinatorOf } from "../coordinator-origin.ts";
import { problemOf } from "../problem.ts";
import type { Invitation } from "../invitation.ts";
import { readLink } from "../link.ts";
import { noMemory, remember } from "../session/report.ts";
import { readCopy } from "../storage/copies.ts";
import { identityAt, nameOf } from "../storage/identity-store.ts";
import { readJournal } from "../storage/journal.ts";
import { newMembership, readMembership, writeMembership } from "../storage/memberships.ts";
import type { StoredMembership } from "../storage/memberships.ts";
import type { Place } from "../storage/place.ts";
import { finalCodes } from "../types.ts";
import { closeRoad } from "./closing.ts";
import { changeMembership, membershipOf, roadOf, storeOf, tell } from "./desk.ts";
import type { Desk, Road } from "./desk.ts";
import { askInvitation } from "./invitation-call.ts";
import type { InvitationAnswer } from "./invitation-call.ts";
import { forget } from "./forgetting.ts";
import { begin } from "./begin.ts";
import { countPrivacy } from "./privacy-count.ts";
import { noRoad } from "./state.ts";
import { openTabLine } from "./tabs.ts";

/** Opens a join link, or the address of a page of a run. @throws FedtuneError `usage` for a text that is neither */
export async function openLink(desk: Desk, link: string): Promise<void> {
  const { url, run, token } = readLink(link);
  await openRoad(desk, { server: coordinatorOf(new URL(url).origin), run }, token);
}

/** Opens a run; what was open before is closed without leaving it. */
export async function openRoad(desk: Desk, place: Place, token: string | null): Promise<void> {
  await closeRoad(desk);
  const road = newRoad(place);
  desk.road = road;
  desk.set({ ...noRoad, front: { kind: "reading-invitation", ...place } });
  const known = reopened(await readMembership(storeOf(desk), place), token);
  const answer = await askAs(desk, known, token);
  if (desk.road !== road) return;
  if ("code" in answer && (known === null || !mayGoOn(known, answer))) {
    desk.set({ front: { kind: "invitation-refused", ...place, problem: problemOf(answer) } });
    return;
  }
  const membership = "code" in answer ? known : withAnswer(known, { answer, token, desk });
  if (membership === null) return;
  if (!("code" in answer)) road.clockOffsetMs = answer.clockOffsetMs;
  await writeMembership(storeOf(desk), membership);
  road.line = openTabLine(desk, road);
  await restore(desk, membership);
  if ("code" in answer) await refusedSince(desk, answer);
  else await continued(desk, answer);
}

function newRoad(place: Place): Road {
  return {
    ...{ place, line: null, ends: new AbortController(), trainer: null, source: null },
    ...{ busy: null, part: null, waiting: null, clockOffsetMs: 0 },
  };
}

/** A new token opens again what had ended for want of one. */
function reopened(known: StoredMembership | null, token: string | null): StoredMembership | null {
  if (known === null || token === null) return known;
  const hasEnded = known.step === "left" || known.step === "refused";
  return hasEnded ? { ...known, step: "invited", problem: null, isEnrolled: false, token } : known;
}

/** The coordinator's answer, or why there is none. */
async function askAs(
  desk: Desk,
  known: StoredMembership | null,
  token: string | null,
): Promise<InvitationAnswer | FedtuneError> {
  const { place } = roadOf(desk);
  try {
    if (known?.isEnrolled === true) {
      const { client } = known;
      const identity = await identityAt(storeOf(desk), place);
      const ports = { wallTime: desk.ports.wallTime, entropy: desk.ports.entropy };
      const signer = { identity, run: place.run, client: client ?? nameOf(identity), ports };
      return await askInvitation(desk.ports, place, { kind: "client", signer });
    }
    const right = { kind: "token", token: token ?? known?.token ?? null } as const;
    return await askInvitation(desk.ports, place, right);
  } catch (error) {
    return asFedtuneError(error);
  }
}

/** Without a word of the coordinator a known run goes on; with a refusal, only one that this device is in already. */
function mayGoOn({ isEnrolled }: StoredMembership, refusal: FedtuneError): boolean {
  return refusal.retryable || isEnrolled;
}

interface Answered {
  readonly answer: InvitationAnswer;
  readonly token: string | null;
  readonly desk: Desk;
}

function withAnswer(
  known: StoredMembership | null,
  { answer, token, desk }: Answered,
): StoredMembership {
  const { invitation } = answer;
  const now = desk.ports.wallTime();
  const before = known ?? newMembership(invitation, { token, now });
  const kept = before.isEnrolled ? null : (token ?? before.token);
  // A token may be for one client alone, whose name it then tells.
  const named = invitation.invitation?.client;
  const client = named === undefined || before.isEnrolled ? before.client : clientId(named);
  return { ...before, invitation, token: kept, client, lastAt: now };
}

/** Everything as it was when the page was closed. */
async function restore(desk: Desk, membership: StoredMembership): Promise<void> {
  const database = storeOf(desk);
  const journal = await readJournal(database, membership);
  const { total, committed } = membership.invitation.rounds;
  const empty = { ...noMemory, report: { ...noMemory.report, totalRounds: total } };
  const memory = journal.reduce(remember, empty);
  const { file, device, step } = membership;
  desk.set({
    ...{ front: null, membership, memory },
    device: device === null ? { kind: "none" } : { kind: "fit", facts: device },
    file: file === null ? { kind: "none" } : { kind: "usable", facts: file.facts },
  });
  const isCopyNeeded = file !== null && step !== "left" && step !== "finished";
  if (isCopyNeeded && (await readCopy(database, file.copy).catch(() => null)) === null) {
    const { name } = file.facts;
    const problems = [{ kind: "copy-lost" }] as const;
    desk.set({ file: { kind: "problem", name, facts: file.facts, problems } });
  }
  if (step === "started" && committed >= 0 && !membership.pausedByHolder)
    tell(desk, { type: "away", because: "closed", at: desk.ports.wallTime() });
  await countPrivacy(desk).catch(() => undefined);
}

/** The coordinator refuses a device that was in: for good, or it may be tried again. */
async function refusedSince(desk: Desk, refusal: FedtuneError): Promise<void> {
  const { step } = membershipOf(desk);
  const problem = problemOf(refusal);
  if (finalCodes.has(refusal.code) && step !== "finished" && step !== "left")
    await changeMembership(desk, { step: "refused", problem });
  else if (!refusal.retryable && step === "started")
    desk.set({ live: { kind: "failed", problem } });
  else await goOn(desk);
}

async function continued(
  desk: Desk,
  { invitation, clockOffsetMs }: InvitationAnswer,
): Promise<void> {
  tell(desk, { type: "clock", offsetMs: clockOffsetMs, at: desk.ports.wallTime() });
  const { status, rounds } = invitation;
  const unfit = unfitFor(invitation);
  if (unfit !== null) {
    desk.set({ live: { kind: "failed", problem: problemOf(unfit) } });
    return;
  }
  if (status === "running") {
    await goOn(desk);
    return;
  }
  if (membershipOf(desk).step !== "started") return;
  tell(desk, { type: "ended", rounds: rounds.committed, at: desk.ports.wallTime() });
  await changeMembership(desk, { step: "finished", end: { status, rounds: rounds.committed } });
}

const knownTasks: readonly string[] = [
  "sequence-classification",
  "image-classification",
  "causal-lm",
];

/** Why these pages cannot take part in a run at all. */
function unfitFor({ protocol, task }: Invitation): FedtuneError | null {
  if (protocol !== protocolVersion) {
    const message = `Cannot take part: the server speaks protocol ${protocol}, these pages ${protocolVersion}; reload them`;
    const data = { protocol, expected: protocolVersion };
    return new FedtuneError("protocol-version", message, { data });
  }
  if (knownTasks.includes(task)) return null;
  const message = `Cannot take part in a run of the task "${task}" in a browser: wanted ${knownTasks.join(", ")}; join with the command line`;
  return new FedtuneError("config-conflict", message, { data: { task } });
}

/** Who was training when the page was closed trains on. */
async function goOn(desk: Desk): Promise<void> {
  const { step, pausedByHolder } = membershipOf(desk);
  if (step === "started" && !pausedByHolder) await begin(desk);
}

/** From step 1 to step 2. */
export async function accept(desk: Desk): Promise<void> {
  if (membershipOf(desk).step === "invited") await changeMembership(desk, { step: "file" });
}

/** Forgets the invitation and all that was made for it. */
export async function decline(desk: Desk): Promise<void> {
  const { place } = roadOf(desk);
  await closeRoad(desk);
  await forget(desk, place);
  desk.set({ ...noRoad, front: { kind: "no-invitation" } });
}
