/** Names of models on a hub, as run configs write them. */
import { FedtuneError } from "@fedtune/core";

/** A model repository and which state of it. */
export interface HubName {
  /** `owner/name`. */
  readonly repo: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

const pattern =
  /^(?<repo>[\w-][\w.-]*\/[\w-][\w.-]*)(?:@(?<revision>[\w-][\w.-]*(?:\/[\w-][\w.-]*)*))?$/;
const mark = "hub:";

/**
 * `hub:owner/name@revision`, with or without mark and revision; null for what is no such name.
 *
 * @throws FedtuneError `model-invalid` for what has the mark and is no name
 */
export function parseHubName(text: string): HubName | null {
  const { repo, revision = "main" } = pattern.exec(withoutMark(text))?.groups ?? {};
  if (repo !== undefined && !text.includes("..")) return { repo, revision };
  if (!isMarked(text)) return null;
  const message = `Cannot load base model "${text}": wanted hub:owner/name or hub:owner/name@revision`;
  throw new FedtuneError("model-invalid", message, { data: { model: text } });
}

/** Whether a name can mean a hub only, never a folder. */
export function isMarked(text: string): boolean {
  return text.startsWith(mark);
}

function withoutMark(text: string): string {
  return isMarked(text) ? text.slice(mark.length) : text;
}

/** A name that means the same for ever where its revision is a commit. */
export function hubName({ repo, revision }: HubName): string {
  return `${mark}${repo}@${revision}`;
}

/** Whether a revision is a commit, which never changes what it means. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
