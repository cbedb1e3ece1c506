import { describe, expect, it } from "vitest";
import { blobPlace } from "./blob-place.ts";

describe("where blobs are kept", () => {
  it("[OP3] is a folder or a bucket", () => {
    expect(blobPlace("file:/var/lib/fedtune")).toEqual({
      kind: "file",
      directory: "/var/lib/fedtune",
    });
    expect(blobPlace("file:///var/lib")).toEqual({ kind: "file", directory: "/var/lib" });
    expect(blobPlace("s3://bucket")).toEqual({
      ...{ kind: "s3", bucket: "bucket", prefix: "", region: "us-east-1" },
      endpoint: "https://s3.us-east-1.amazonaws.com",
    });
    expect(blobPlace("s3://b.c/a/b/?endpoint=http://minio:9000/&region=x")).toEqual({
      ...{ kind: "s3", bucket: "b.c", prefix: "a/b/", region: "x", endpoint: "http://minio:9000" },
    });
  });

  it.each([
    ...["", "file:", "/tmp", "http://host/x", "s3://", "s3://Bad_Bucket/x", "s3://ab/../x y"],
    ...["s3://bucket?endpiont=http://x", "s3://bucket?endpoint=ftp://x", "s3://key:pw@bucket/x"],
    ...["s3://bucket?endpoint=http://x/path", "s3://bucket#x"],
  ])("[OP3] and nothing else: %j", (text) => {
    expect(() => blobPlace(text)).toThrow(/wanted file:FOLDER or s3/);
    expect(() => blobPlace(text)).not.toThrow(/pw/);
  });
});
