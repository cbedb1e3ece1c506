/** Self-signed certificates, made where they are used: no key lies in the repository. */
import { generateKeyPairSync, sign } from "node:crypto";

/** A certificate for `localhost` and its key, both PEM; `serial` tells one from another. */
export function certificate(serial: number): { readonly cert: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const algorithm = sequence(der(0x06, Buffer.from([0x2b, 0x65, 0x70])));
  const commonName = sequence(
    der(0x06, Buffer.from([0x55, 0x04, 0x03])),
    der(0x0c, Buffer.from("localhost")),
  );
  const name = sequence(der(0x31, commonName));
  const validity = sequence(time("250101000000Z"), time("491231235959Z"));
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial])),
    ...[algorithm, name, validity, name],
    publicKey.export({ format: "der", type: "spki" }),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign(null, signed, privateKey)]));
  const bytes = sequence(signed, algorithm, signature);
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
    key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

/** One value in DER: tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function time(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}
