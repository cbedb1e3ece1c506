/** From a typed error to the message that a data holder reads; never from its English text. */
import type { ErrorCode, ErrorData } from "@fedtune/core";
import { slotsOf } from "../words/fill.ts";
import { actionWords, messageWords, refusalWords, unnamedWords } from "../words/messages.ts";
import type { ActionId, MessageKind, MessageText } from "../words/messages.ts";

/** A message, ready to be shown. */
export interface Message {
  readonly kind: MessageKind;
  readonly title: string;
  readonly text: string;
  readonly tone: MessageText["tone"];
  readonly action: { readonly id: ActionId; readonly label: string };
  /** For support; null where nothing failed. */
  readonly code: ErrorCode | null;
}

/** Facts for the places in a message, as they are shown. */
export type MessageFacts = Readonly<Partial<Record<string, string>>>;

/** Which message each code of the platform gets; the compiler wants all of them. */
const kinds: Readonly<Record<ErrorCode, MessageKind>> = {
  "config-invalid": "does-not-fit",
  "config-conflict": "does-not-fit",
  usage: "our-fault",
  "file-missing": "file-gone",
  "file-unreadable": "file-gone",
  "safetensors-invalid": "model-broken",
  "model-invalid": "model-broken",
  "tokenizer-mismatch": "model-broken",
  "adapter-invalid": "model-broken",
  "data-invalid": "file-broken",
  "label-unknown": "file-labels",
  "shape-mismatch": "update-refused",
  "layout-mismatch": "update-refused",
  "not-finite": "update-refused",
  "codec-invalid": "update-refused",
  "no-updates": "round-repeated",
  "zero-weight": "round-repeated",
  "wrong-round": "update-refused",
  "late-update": "round-missed",
  "update-conflict": "update-refused",
  "update-too-large": "update-refused",
  "norm-exceeded": "update-refused",
  "not-selected": "update-refused",
  "unknown-client": "device-unknown",
  "client-replaced": "other-tab",
  "budget-exhausted": "budget-spent",
  "not-enough-clients": "round-repeated",
  "quorum-missed": "round-repeated",
  "run-stopped": "run-over",
  "run-unknown": "run-unknown",
  "run-failed": "run-broken",
  "stale-epoch": "server-restarts",
  "protocol-version": "server-updated",
  "message-invalid": "our-fault",
  "blob-missing": "connection-lost",
  "blob-corrupt": "model-broken",
  "transport-closed": "connection-lost",
  timeout: "connection-lost",
  cancelled: "stopped",
  "rate-limited": "server-busy",
  "origin-refused": "wrong-place",
  draining: "server-restarts",
  unauthenticated: "invitation-unknown",
  forbidden: "invitation-not-yours",
  "credential-expired": "invitation-ended",
  "credential-revoked": "revoked",
  "signature-invalid": "device-unknown",
  "request-replayed": "our-fault",
  "backend-unavailable": "backend-missing",
  "backend-broken": "gpu-lost",
  "port-in-use": "our-fault",
  "storage-failed": "storage-denied",
  "state-corrupt": "record-changed",
  "training-failed": "training-failed",
  internal: "our-fault",
};

/** Which message a code gets. */
export function kindOf(code: ErrorCode): MessageKind {
  return kinds[code];
}

/** A message with its places filled; where a fact is missing, the plain form of the text. */
export function message(
  kind: MessageKind,
  {
    code = null,
    ...rest
  }: { readonly code?: ErrorCode | null; readonly facts?: MessageFacts } = {},
): Message {
  const known: MessageFacts = { ...unnamedWords, ...withoutEmpty(rest.facts ?? {}) };
  const words: MessageText = messageWords[kind];
  const text = isComplete(words.text, known) ? words.text : (words.plain ?? words.text);
  return {
    kind,
    title: sentence(filled(words.title, known)),
    text: sentence(filled(text, known)),
    tone: words.tone,
    action: { id: words.action, label: actionWords[words.action] },
    code,
  };
}

/** The message for an error. */
export function messageOfError(
  error: { readonly code: ErrorCode; readonly data?: ErrorData },
  facts: MessageFacts = {},
): Message {
  const kind = kindOf(error.code);
  const reason = kind === "update-refused" ? refusalReason(error, facts) : undefined;
  return message(kind, {
    code: error.code,
    facts: { ...facts, ...(reason === undefined ? {} : { reason }) },
  });
}

/** Why an update was refused, as half a sentence; undefined for codes that are no refusal, or where a number is missing. */
export function refusalReason(
  { code }: { readonly code: ErrorCode },
  facts: MessageFacts = {},
): string | undefined {
  const words: Readonly<Partial<Record<ErrorCode, string>>> = refusalWords;
  const text = words[code];
  if (text === undefined) return undefined;
  return isComplete(text, facts) ? filled(text, facts) : text.split(":")[0];
}

/** A link to the organiser: a letter, or a page of theirs; null where neither is known. */
export function contactLink(contact: string | null, subject: string): string | null {
  const given = contact?.trim() ?? "";
  if (/^https:\/\/\S+$/.test(given)) return given;
  const address = /[^\s,;<>"'?&]+@[^\s,;<>"'?&]+\.[^\s,;<>"'?&]+/.exec(given)?.[0];
  if (address === undefined) return null;
  return `mailto:${encodeURIComponent(address).replace("%40", "@")}?subject=${encodeURIComponent(subject)}`;
}

function withoutEmpty(facts: MessageFacts): MessageFacts {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined && value !== ""),
  );
}

function isComplete(text: string, facts: MessageFacts): boolean {
  return slotsOf(text).every((slot) => facts[slot] !== undefined);
}

function filled(text: string, facts: MessageFacts): string {
  return text.replace(/\s*\{(\w+)\}/g, (place, name: string) => {
    const value = facts[name];
    return value === undefined ? "" : place.replace(`{${name}}`, value);
  });
}

/** A fact may stand first: "the organiser has closed it." */
function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
