/** Where blobs are kept, as operators write it: `file:FOLDER` or `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`. */
import { FedtuneError } from "@fedtune/core";
import { resolve } from "node:path";

/** A bucket of an S3-compatible service, and the prefix of all keys in it. */
export interface S3Place {
  readonly kind: "s3";
  /** `https://s3.eu-central-1.amazonaws.com`; buckets are the first part of the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Empty, or ends in a slash. */
  readonly prefix: string;
}

/** Where blobs are kept. */
export type BlobPlace = { readonly kind: "file"; readonly directory: string } | S3Place;

const wanted = "wanted file:FOLDER or s3://BUCKET/PREFIX?endpoint=URL&region=NAME";
const defaultRegion = "us-east-1";

/**
 * Reads a place.
 *
 * @throws FedtuneError `config-invalid`
 */
export function blobPlace(text: string): BlobPlace {
  if (text.startsWith("file:")) {
    const directory = text.slice("file:".length).replace(/^\/\/(?=\/)/, "");
    if (directory === "") throw refused(text);
    return { kind: "file", directory: resolve(directory) };
  }
  if (!text.startsWith("s3://") || !URL.canParse(text)) throw refused(text);
  return s3Place(new URL(text), text);
}

function s3Place(url: URL, text: string): S3Place {
  const { hostname: bucket, pathname, searchParams } = url;
  const unknown = [...searchParams.keys()].filter((key) => key !== "endpoint" && key !== "region");
  const region = searchParams.get("region") ?? defaultRegion;
  const endpoint = searchParams.get("endpoint") ?? `https://s3.${region}.amazonaws.com`;
  const isUsable =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && /^https?:\/\/[^/?#]+\/?$/.test(endpoint);
  if (!isUsable || unknown.length > 0 || url.username !== "" || url.hash !== "")
    throw refused(text);
  const path = pathname.replace(/^\/+|\/+$/g, "");
  if (!/^[\w./-]*$/.test(path) || path.split("/").includes("..")) throw refused(text);
  return {
    ...{ kind: "s3", region, bucket, endpoint: endpoint.replace(/\/$/, "") },
    prefix: path === "" ? "" : `${path}/`,
  };
}

function refused(text: string): FedtuneError {
  // What stands before an @ would be a secret.
  const shown = text.replace(/\/\/[^/@]*@/, "//…@").slice(0, 120);
  return new FedtuneError("config-invalid", `Cannot keep blobs at "${shown}": ${wanted}`);
}
